/*
 * tests/unit/services/identity/credential_world.c - a network that certifies whatever a test wants.
 */
#include "tests/unit/services/identity/credential_world.h"

#include "base/base64.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { INDICES = 4, THRESHOLD = 3 };

static void keep(struct credential *c, struct assay_slice bytes)
{
    c->len = bytes.len;
    assay_bytes_copy(c->bytes, sizeof c->bytes, bytes.bytes, bytes.len);
}

void credential_world_sign(const struct credential_world *w, size_t number, bool is_token,
                           struct assay_slice message, uint8_t signature[static 64])
{
    struct group g = *w->group[number];
    if (is_token) {
        struct assay_secret32 offset;
        cr_assert_eq(assay_credential_token_key(&w->p.ca[number], &offset, g.key), ASSAY_OK);
        for (uint32_t i = 1; i <= g.indices; i++)
            assay_sodium_scalar_add(&g.share[i], &offset, &g.share[i]);
    }
    struct signing *s = group_choose(&g, 1);
    cr_assert_eq(group_sign(&g, s, message, signature), ASSAY_OK);
    group_signing_free(s);
}

struct credential credential_world_certificate(const struct credential_world *w, size_t number,
                                               struct assay_slice tbs)
{
    struct credential made;
    uint8_t signature[64];
    struct assay_slice out;
    credential_world_sign(w, number, false, tbs, signature);
    cr_assert_eq(assay_credential_certificate(tbs, signature, made.bytes, sizeof made.bytes, &out),
                 ASSAY_OK);
    made.len = out.len;
    return made;
}

struct credential credential_world_leaf_tbs(const struct credential_world *w, size_t number)
{
    struct credential made;
    struct assay_slice out;
    cr_assert_eq(assay_credential_leaf_tbs(&w->p.ca[number], &w->p.state, &w->p.entry, made.bytes,
                                           sizeof made.bytes, &out),
                 ASSAY_OK);
    made.len = out.len;
    return made;
}

static struct credential make_ca(const struct credential_world *w, size_t subject, size_t signer)
{
    uint8_t bytes[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice tbs;
    cr_assert_eq(assay_credential_ca_tbs(&w->p.ca[subject], &w->p.ca[signer], &w->p.state, bytes,
                                         sizeof bytes, &tbs),
                 ASSAY_OK);
    return credential_world_certificate(w, signer, tbs);
}

static void put_part(struct assay_writer *w, const char *json)
{
    char text[4096];
    size_t len = 0;
    cr_assert_eq(assay_base64_encode(ASSAY_BASE64_URL, (const uint8_t *)json, strlen(json), text,
                                     sizeof text, &len),
                 ASSAY_OK);
    assay_writer_put(w, text, len);
}

static struct credential sign_token(const struct credential_world *w, struct assay_slice input)
{
    struct credential made;
    uint8_t signature[64];
    struct assay_slice out;
    credential_world_sign(w, 0, true, input, signature);
    cr_assert_eq(assay_credential_jws(input, signature, made.bytes, sizeof made.bytes, &out),
                 ASSAY_OK);
    made.len = out.len;
    return made;
}

struct credential credential_world_token(const struct credential_world *w, const char *header,
                                         const char *claims)
{
    uint8_t bytes[4096];
    struct assay_writer input = assay_writer_over(bytes, sizeof bytes);
    put_part(&input, header);
    assay_writer_u8(&input, '.');
    put_part(&input, claims);
    cr_assert(!input.full);
    return sign_token(w, assay_slice_over(bytes, input.len));
}

void credential_world_certify(struct credential_world *w)
{
    uint8_t bytes[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice out;
    w->ca[0] = make_ca(w, 0, 0);
    w->ca[1] = make_ca(w, 1, 1);
    w->next = make_ca(w, 1, 0);
    const struct credential tbs = credential_world_leaf_tbs(w, 0);
    w->leaf = credential_world_certificate(w, 0, assay_slice_over(tbs.bytes, tbs.len));
    cr_assert_eq(assay_credential_jwks(w->p.ca, 2, bytes, sizeof bytes, &out), ASSAY_OK);
    keep(&w->keys, out);
    struct assay_credential_entry entry = w->p.entry;
    entry.purpose = ASSAY_CREDENTIAL_PURPOSE_TOKEN;
    cr_assert_eq(
        assay_credential_token(&w->p.ca[0], &w->p.state, &entry, 0, bytes, sizeof bytes, &out),
        ASSAY_OK);
    w->token = sign_token(w, out);
    w->request.trusted = credential_bytes(&w->ca[0]);
}

/* Both CA numbers are of one network. */
static void join_numbers(struct credential_world *w)
{
    for (size_t i = 0; i < 2; i++) {
        assay_bytes_copy(w->p.ca[i].chain_id, 32, w->p.ca[0].chain_id, 32);
        assay_bytes_copy(w->p.ca[i].public_key, 32, w->group[i]->key, 32);
    }
}

struct credential_world *credential_world_new(void)
{
    static const uint8_t spki[44] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b,
                                      0x65, 0x70, 0x03, 0x21, 0x00, 9 };
    struct credential_world *w = calloc(1, sizeof *w);
    cr_assert_not_null(w);
    for (size_t i = 0; i < 2; i++)
        w->group[i] = group_new(INDICES, THRESHOLD);
    products_plain(&w->p, w->group[0]->key, assay_slice_over(spki, sizeof spki));
    join_numbers(w);
    cr_assert_eq(assay_identity_create(&w->identity), ASSAY_OK);
    w->request = (struct assay_identity_request){ .size = sizeof w->request,
                                                  .issuer = "https://id.mesh.example",
                                                  .audience = "https://vault.example",
                                                  .at_unix_s = WORLD_AT_S };
    credential_world_certify(w);
    return w;
}

void credential_world_draw(struct credential_world *w)
{
    products_draw(&w->p);
    w->p.ca[1].number = w->p.ca[0].number ^ 2;
    w->p.ca[1].insecure = w->p.ca[0].insecure;
    w->p.state.era >>= 1; /* JSON has integers of 63 bits here */
    w->p.state.epoch >>= 1;
    join_numbers(w);
    credential_world_certify(w);
    w->request.at_unix_s = (int64_t)(w->p.state.time_ms / 1000);
}

void credential_world_free(struct credential_world *w)
{
    assay_identity_destroy(&w->identity);
    group_free(w->group[0]);
    group_free(w->group[1]);
    free(w);
}

size_t credential_replace(struct credential *c, size_t skip, const void *from, const void *to,
                          size_t len)
{
    size_t found = 0;
    for (size_t at = 0; at + len <= c->len; at++) {
        if (!assay_bytes_equal(c->bytes + at, from, len)) continue;
        if (found >= skip) assay_bytes_copy(c->bytes + at, len, to, len);
        found += 1;
        at += len - 1;
    }
    return found > skip ? found - skip : 0;
}

static void grow_length(struct credential *tbs, size_t at, size_t more)
{
    cr_assert_eq(tbs->bytes[at + 1], 0x82);
    const size_t len = (size_t)(tbs->bytes[at + 2] << 8 | tbs->bytes[at + 3]) + more;
    tbs->bytes[at + 2] = (uint8_t)(len >> 8);
    tbs->bytes[at + 3] = (uint8_t)len;
}

void credential_extend(struct credential *tbs, const void *extension, size_t len)
{
    size_t at = 0;
    for (; at + 4 < tbs->len; at++)
        if (tbs->bytes[at] == 0xa3 && tbs->bytes[at + 1] == 0x82 &&
            at + 4 + (size_t)(tbs->bytes[at + 2] << 8 | tbs->bytes[at + 3]) == tbs->len)
            break;
    cr_assert(at + 4 < tbs->len && tbs->len + len <= sizeof tbs->bytes);
    grow_length(tbs, 0, len);
    grow_length(tbs, at, len);
    grow_length(tbs, at + 4, len);
    assay_bytes_copy(tbs->bytes + tbs->len, len, extension, len);
    tbs->len += len;
}

struct assay_bytes credential_bytes(const struct credential *c)
{
    return (struct assay_bytes){ c->bytes, c->len };
}

/* In memory of their own, so that sanitizers watch their end. */
static enum assay_identity_answer settle(struct credential_world *w, enum assay_status status,
                                         uint8_t *exact)
{
    free(exact);
    cr_assert_eq(status, ASSAY_OK);
    w->claims.size = sizeof w->claims;
    cr_assert(assay_identity_get_claims(w->identity, &w->claims));
    cr_assert_eq(w->claims.answer, w->answer);
    cr_assert_eq(w->claims.why[0] == '\0', w->answer == ASSAY_IDENTITY_VALID);
    return w->answer;
}

enum assay_identity_answer credential_world_verify(struct credential_world *w,
                                                   const struct credential *leaf)
{
    uint8_t *exact = malloc(leaf->len + 1);
    cr_assert_not_null(exact);
    assay_bytes_copy(exact, leaf->len, leaf->bytes, leaf->len);
    const struct assay_bytes chain = { exact, leaf->len };
    const enum assay_status status =
        assay_identity_verify_peer(&w->request, &chain, 1, w->identity, &w->answer);
    return settle(w, status, exact);
}

enum assay_identity_answer credential_world_verify_token(struct credential_world *w,
                                                         const struct credential *token)
{
    uint8_t *exact = malloc(token->len + 1);
    cr_assert_not_null(exact);
    assay_bytes_copy(exact, token->len, token->bytes, token->len);
    struct assay_identity_request request = w->request;
    request.trusted = credential_bytes(&w->keys);
    const enum assay_status status =
        assay_identity_verify_token(&request, exact, token->len, w->identity, &w->answer);
    return settle(w, status, exact);
}
