/*
 * tests/fuzz/quote/fuzz_token.c - any bytes as a token of another verifier, as its claims, and as a
 * key set.
 *
 * Nothing is signed here by a key of the set: the bytes are decoded as an unsigned token or list of
 * each service, which must be refused, and as a document whose statements are normalised.
 *
 * Properties: a refusal has a reason in printable ASCII and states nothing; of any document the
 * statement is that of the worst claim of the vector, or worse.
 */
#include "base/assert.h"
#include "quote/result/token/token.h"
#include "quote/result/token/tree.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct assay_token token;

/* Intel's root of provisioning: it signs no tokens. */
static const char key_set[] = "{\"keys\":[{\"kid\":\"k1\",\"kty\":\"EC\",\"crv\":\"P-256\","
                              "\"x\":\"C6nEwMDIYZOj_iPWsCzaEKi71OiOSLRFhWGjbnBVJfU\","
                              "\"y\":\"Z5GOLtyI5A2GC9DMTuJqrMmI5QWpU1WMRT9rCQSuc5Q\"}]}";

static void check_refusal(enum assay_result_service service, struct assay_slice keys,
                          const uint8_t *data, size_t size)
{
    const struct assay_token_terms terms = { .service = service,
                                             .issuer = "https://issuer.example",
                                             .keys = keys,
                                             .at_unix_s = 1790000000 };
    ASSAY_ASSERT(assay_token_verify(&terms, (const char *)data, size, &token) == ASSAY_OK);
    ASSAY_ASSERT(token.answer > ASSAY_RESULT_VALID && token.answer <= ASSAY_RESULT_NOT_BOUND);
    ASSAY_ASSERT(token.why[0] != '\0' && token.statement == ASSAY_STATED_NOTHING);
    for (const char *c = token.why; *c != '\0'; c++)
        ASSAY_ASSERT(*c >= ' ' && *c <= '~');
}

static void check_statement(enum assay_result_service service, const uint8_t *data, size_t size)
{
    assay_bytes_zero(&token, sizeof token);
    token.service = service;
    if (assay_doc_tree_read(data, size, &token.claims) != ASSAY_OK) {
        ASSAY_ASSERT(token.claims.count == 0);
        return;
    }
    assay_token_state_device(&token.claims, "GPU-0", &token);
    assay_token_state(&token);
    const int worst = (int)assay_ar4si_worst(&token.vector);
    ASSAY_ASSERT((int)token.statement == worst || token.statement == ASSAY_STATED_CONTRAINDICATED);
    for (size_t i = 1; i < token.claims.count; i++)
        ASSAY_ASSERT(token.claims.nodes[i].parent < i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* {"alg":"ES384","kid":"k1"} . {} . AA */
    static const char unsigned_token[] = "eyJhbGciOiJFUzM4NCIsImtpZCI6ImsxIn0.e30.AA";
    const struct assay_slice keys = assay_slice_over(key_set, sizeof key_set - 1);
    for (int i = ASSAY_RESULT_AZURE; i <= ASSAY_RESULT_NVIDIA; i++) {
        check_refusal((enum assay_result_service)i, keys, data, size);
        check_statement((enum assay_result_service)i, data, size);
    }
    if (size > 0)
        check_refusal(ASSAY_RESULT_NVIDIA, assay_slice_over(data, size),
                      (const uint8_t *)unsigned_token, sizeof unsigned_token - 1);
    return 0;
}
