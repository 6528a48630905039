/*
 * tests/fuzz/quote/fuzz_svid.c - any bytes as certificates and tokens of a network, and as what a
 * relying party trusts.
 *
 * Properties: an answer has a reason or is valid, and a status without one is no answer; names of
 * what is read are within their bounds; nothing is valid under CA certificates that cannot be read.
 */
#include "base/assert.h"
#include "quote/result/svid/svid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_certificate(struct assay_slice der, enum assay_svid_form form)
{
    struct assay_x509_svid c;
    const char *why = NULL;
    const enum assay_status status = assay_x509_svid(der, form, &c, &why);
    ASSAY_ASSERT((status == ASSAY_OK) == (why == NULL));
    if (status != ASSAY_OK) return;
    ASSAY_ASSERT(c.domain.len >= 1 && c.domain.len <= ASSAY_SVID_DOMAIN_MAX);
    ASSAY_ASSERT(c.not_after_s > c.not_before_s);
    if (form == ASSAY_SVID_CA) return;
    ASSAY_ASSERT(c.uri.len < ASSAY_SVID_URI_MAX && c.spki.len <= ASSAY_SVID_SPKI_MAX);
    ASSAY_ASSERT(c.id.name.len >= 1 && c.id.name.len < ASSAY_COMMON_NAME_MAX);
    ASSAY_ASSERT(c.state.standing <= 3 && c.state.score_bp <= 10000);
}

static void check_answer(const struct assay_svid *svid, enum assay_status status)
{
    ASSAY_ASSERT(status == ASSAY_OK ? svid->answer != ASSAY_IDENTITY_NOT_READ
                                    : svid->answer == ASSAY_IDENTITY_NOT_READ);
    ASSAY_ASSERT((svid->why[0] == '\0') == (svid->answer == ASSAY_IDENTITY_VALID));
    for (size_t i = 0; svid->why[i] != '\0'; i++)
        ASSAY_ASSERT(svid->why[i] >= ' ' && svid->why[i] <= '~');
}

/* The first two bytes are the length of what is trusted. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assay_svid svid;
    const struct assay_svid_terms terms = { .issuer = "https://id.mesh.example",
                                            .audience = "vault",
                                            .standing_worst = 3,
                                            .accepts_insecure = true,
                                            .at_unix_s = 1795855000 };
    if (size < 2) return 0;
    const size_t len = (size_t)(data[0] << 8 | data[1]);
    if (len > size - 2) return 0;
    const struct assay_slice trusted = assay_slice_over(data + 2, len);
    const struct assay_slice rest = assay_slice_over(data + 2 + len, size - 2 - len);
    check_certificate(rest, ASSAY_SVID_CA);
    check_certificate(rest, ASSAY_SVID_LEAF);
    const struct assay_slice chain[2] = { rest, trusted };
    check_answer(&svid, assay_svid_verify_chain(&terms, trusted, chain, 2, &svid));
    check_answer(&svid, assay_svid_verify_token(&terms, trusted, rest, &svid));
    return 0;
}
