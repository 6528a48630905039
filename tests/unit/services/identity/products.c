/*
 * tests/unit/services/identity/products.c - drawn inputs of certificates and tokens.
 */
#include "tests/unit/services/identity/products.h"

#include <string.h>

static uint64_t number(uint64_t below)
{
    uint64_t value = 0;
    group_draw((uint8_t *)&value, sizeof value);
    return value % below;
}

/* A number of any length in bits. */
static uint64_t any_number(unsigned bits)
{
    uint64_t value = 0;
    const unsigned shift = 64 - (unsigned)number(bits + 1);
    group_draw((uint8_t *)&value, sizeof value);
    return shift == 64 ? 0 : value >> shift;
}

static void draw_label(char *text, size_t len)
{
    static const char inner[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    for (size_t i = 0; i < len; i++)
        text[i] = inner[number(i == 0 || i + 1 == len ? 36 : 37)];
}

static struct assay_slice draw_domain(char *text)
{
    size_t len = 1 + number(30);
    draw_label(text, len);
    while (len < ASSAY_CREDENTIAL_DOMAIN_MAX - 1 && number(3) != 0) {
        const size_t left = ASSAY_CREDENTIAL_DOMAIN_MAX - 1 - len;
        const size_t more = 1 + number(left);
        text[len] = '.';
        draw_label(text + len + 1, more);
        len += 1 + more;
    }
    return assay_slice_over(text, len);
}

static struct assay_slice draw_issuer(char *text)
{
    const size_t len = 9 + number(ASSAY_CREDENTIAL_ISSUER_MAX - 8);
    assay_bytes_copy(text, 8, "https://", 8);
    draw_label(text + 8, len - 8);
    if (len > 40) assay_bytes_copy(text + 20, 19, ".EXAMPLE:8443/a_b~c", 19);
    return assay_slice_over(text, len);
}

static struct assay_slice draw_spki(uint8_t *spki)
{
    static const char *const front[] = {
        "3059301306072a8648ce3d020106082a8648ce3d03010703420004",
        "3076301006072a8648ce3d020106052b8104002203620004",
        "302a300506032b6570032100",
    };
    static const size_t point[] = { 64, 96, 32 };
    const size_t form = number(3), len = strlen(front[form]) / 2;
    const enum assay_status status = assay_hex_decode(front[form], 2 * len, spki, len);
    ASSAY_ASSERT(status == ASSAY_OK);
    group_draw(spki + len, point[form]);
    return assay_slice_over(spki, len + point[form]);
}

static void draw_ca(struct assay_credential_ca *ca, const struct products *p)
{
    const struct assay_secret32 secret = group_scalar();
    const enum assay_status status = assay_sodium_edwards_base(&secret, ca->public_key);
    ASSAY_ASSERT(status == ASSAY_OK);
    group_draw(ca->chain_id, 32);
    ca->trust_domain = p->ca[0].trust_domain;
    ca->issuer = p->ca[0].issuer;
    ca->number = (uint32_t)any_number(32) | 1;
    ca->validity_s =
        ASSAY_CREDENTIAL_VALIDITY_S_MIN +
        (uint32_t)number(ASSAY_CREDENTIAL_VALIDITY_S_MAX - ASSAY_CREDENTIAL_VALIDITY_S_MIN + 1);
    ca->insecure = number(2) == 0;
}

/* Around the years where the form of a date changes, and any. */
static uint64_t draw_time_ms(void)
{
    static const uint64_t border_s[] = { 2524608000u, 2524608000u - 2u * 365u * 86400u, 951868800u,
                                         4107542400u };
    if (number(2) == 0)
        return (border_s[number(4)] - 86400u + number(2u * 86400u)) * 1000 + number(1000);
    return (300 + number(UINT64_C(253339142100))) * 1000 + number(1000);
}

void products_draw(struct products *p)
{
    memset(p, 0, sizeof *p);
    p->ca[0].trust_domain = draw_domain(p->domain);
    p->ca[0].issuer = draw_issuer(p->issuer);
    draw_ca(&p->ca[0], p);
    draw_ca(&p->ca[1], p);
    p->state.era = any_number(64);
    p->state.epoch = any_number(64);
    p->state.time_ms = draw_time_ms();
    group_draw(p->state.block_id, 32);
    group_draw(p->state.proof_digest, 32);
    group_draw(p->state.node_id, 32);
    p->state.incarnation = (uint32_t)any_number(32);
    p->state.standing = (enum assay_credential_standing)number(4);
    p->state.score_bp = (uint32_t)number(10001);
    p->state.evidence_kind = (uint32_t)any_number(32);
    const size_t len = 1 + number(ASSAY_CREDENTIAL_LABEL_MAX);
    draw_label(p->name, len);
    p->entry.name = assay_slice_over(p->name, len);
    p->entry.purpose = ASSAY_CREDENTIAL_PURPOSE_TLS;
    p->entry.granted = number(2) == 0;
    p->entry.spki = draw_spki(p->spki);
    group_draw(p->entry.digest, 32);
    p->entry.audience_count = 1 + (uint32_t)number(ASSAY_CREDENTIAL_AUDIENCES_MAX);
    for (uint32_t i = 0; i < p->entry.audience_count; i++) {
        const size_t audience_len = 1 + number(ASSAY_CREDENTIAL_AUDIENCE_MAX);
        draw_label(p->audience[i], audience_len);
        p->audience[i][0] = '/';
        p->entry.audience[i] = assay_slice_over(p->audience[i], audience_len);
    }
}

void products_plain(struct products *p, const uint8_t public_key[static 32],
                    struct assay_slice spki)
{
    static const char audience[] = "https://vault.example";
    memset(p, 0, sizeof *p);
    assay_bytes_copy(p->domain, 12, "mesh.example", 12);
    assay_bytes_copy(p->issuer, 23, "https://id.mesh.example", 23);
    assay_bytes_copy(p->name, 3, "api", 3);
    for (size_t i = 0; i < 2; i++) {
        p->ca[i].trust_domain = assay_slice_over(p->domain, 12);
        p->ca[i].issuer = assay_slice_over(p->issuer, 23);
        memset(p->ca[i].chain_id, 0x3f, 32);
        p->ca[i].number = 1 + (uint32_t)i;
        p->ca[i].validity_s = 900;
        assay_bytes_copy(p->ca[i].public_key, 32, public_key, 32);
    }
    p->state.era = 1;
    p->state.epoch = 1234;
    p->state.time_ms = UINT64_C(1795855000123);
    memset(p->state.block_id, 0xb1, 32);
    memset(p->state.proof_digest, 0xd2, 32);
    group_draw(p->state.node_id, 32);
    p->state.incarnation = 2;
    p->state.score_bp = 9876;
    p->state.evidence_kind = 4;
    p->entry.purpose = ASSAY_CREDENTIAL_PURPOSE_TLS;
    p->entry.name = assay_slice_over(p->name, 3);
    p->entry.spki = spki;
    p->entry.granted = true;
    memset(p->entry.digest, 0xe3, 32);
    p->entry.audience_count = 1;
    p->entry.audience[0] = assay_slice_over(audience, sizeof audience - 1);
}
