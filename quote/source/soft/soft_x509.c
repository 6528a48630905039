/*
 * quote/source/soft/soft_x509.c - certificates of a SOFT authority: the form of Intel's
 * certificates, with their own names.
 */
#include "quote/source/soft/soft_x509.h"

#include "base/assert.h"
#include "quote/source/soft/issue.h"

#include <stdio.h>

/* 1.2.840.113741.1.13.1, Intel's SGX extension; items append one or two arcs. */
static const uint8_t oid_sgx[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };

/* --- names and keys */
static const char *role_text(enum assay_soft_role role)
{
    switch (role) {
    case ASSAY_SOFT_ROOT: return "SOFT Root CA";
    case ASSAY_SOFT_PLATFORM_CA: return "SOFT PCK Platform CA";
    case ASSAY_SOFT_SIGNING: return "SOFT TCB Signing";
    case ASSAY_SOFT_PCK: return "SOFT PCK Certificate";
    }
    ASSAY_UNREACHABLE("a role");
}

/* CN = role and vendor, O = Assay SOFT. */
static void make_name(enum assay_soft_role role, const char *vendor, struct assay_dn *dn)
{
    ASSAY_ASSERT(vendor != NULL);
    char common_name[64];
    (void)snprintf(common_name, sizeof common_name, "%s %s", role_text(role), vendor);
    assay_issue_name("Assay SOFT, not for production", common_name, dn);
}

/* Leftmost 160 bits of the SHA-256 of X | Y. */
static void key_id(const uint8_t public_key[64], uint8_t id[ASSAY_KEY_ID_LEN])
{
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_sha256(public_key, 64, digest);
    assay_bytes_copy(id, ASSAY_KEY_ID_LEN, digest, ASSAY_KEY_ID_LEN);
}

static void make_issuer(enum assay_soft_role role, const char *vendor, const uint8_t *public_key,
                        const struct assay_secret32 *secret, struct assay_issuer *issuer)
{
    ASSAY_ASSERT(secret != NULL && public_key != NULL);
    *issuer = (struct assay_issuer){ .secret = secret };
    make_name(role, vendor, &issuer->name);
    key_id(public_key, issuer->key_id);
}

/* --- Intel's SGX extension */
/* The OID of an item below the extension, in front of its value; then the pair is closed. */
static void wrap_sgx_item(struct assay_der *d, uint8_t arc, uint8_t sub_arc, size_t mark)
{
    uint8_t oid[sizeof oid_sgx + 2];
    size_t len = sizeof oid_sgx;
    assay_bytes_copy(oid, sizeof oid, oid_sgx, sizeof oid_sgx);
    oid[len++] = arc;
    if (sub_arc != 0) oid[len++] = sub_arc;
    ASSAY_ASSERT(len <= sizeof oid);
    assay_der_value(d, ASSAY_DER_OID, oid, len);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
}

static void put_sgx_octets(struct assay_der *d, uint8_t arc, uint8_t sub_arc, const uint8_t *bytes,
                           size_t len)
{
    const size_t mark = assay_der_mark(d);
    assay_der_value(d, ASSAY_DER_OCTET_STRING, bytes, len);
    wrap_sgx_item(d, arc, sub_arc, mark);
}

static void put_sgx_tcb(struct assay_der *d, const struct assay_pck *pck)
{
    const size_t tcb = assay_der_mark(d);
    put_sgx_octets(d, 2, 18, pck->cpusvn, sizeof pck->cpusvn);
    size_t mark = assay_der_mark(d);
    assay_der_uint(d, ASSAY_DER_INTEGER, pck->pcesvn);
    wrap_sgx_item(d, 2, 17, mark);
    for (uint8_t i = ASSAY_TCB_COMPONENTS; i > 0; i--) {
        mark = assay_der_mark(d);
        assay_der_uint(d, ASSAY_DER_INTEGER, pck->components[i - 1]);
        wrap_sgx_item(d, 2, i, mark);
    }
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, tcb);
    wrap_sgx_item(d, 2, 0, tcb);
}

static void put_sgx_extension(struct assay_der *d, const struct assay_pck *pck)
{
    const size_t all = assay_der_mark(d);
    if (pck->has_platform_instance)
        put_sgx_octets(d, 6, 0, pck->platform_instance, sizeof pck->platform_instance);
    const size_t mark = assay_der_mark(d);
    assay_der_uint(d, ASSAY_DER_ENUMERATED, pck->sgx_type);
    wrap_sgx_item(d, 5, 0, mark);
    put_sgx_octets(d, 4, 0, pck->fmspc, sizeof pck->fmspc);
    put_sgx_octets(d, 3, 0, pck->pceid, sizeof pck->pceid);
    put_sgx_tcb(d, pck);
    put_sgx_octets(d, 1, 0, pck->ppid, sizeof pck->ppid);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, all);
    assay_issue_extension(d, oid_sgx, sizeof oid_sgx, false, all);
}

/* --- certificates and lists */
enum assay_status assay_soft_certificate_make(const struct assay_soft_certificate *c, uint8_t *der,
                                              size_t capacity, size_t *len)
{
    ASSAY_ASSERT(c->role != ASSAY_SOFT_PCK || c->pck != NULL);
    static const enum assay_soft_role issuers[] = {
        [ASSAY_SOFT_ROOT] = ASSAY_SOFT_ROOT,
        [ASSAY_SOFT_PLATFORM_CA] = ASSAY_SOFT_ROOT,
        [ASSAY_SOFT_SIGNING] = ASSAY_SOFT_ROOT,
        [ASSAY_SOFT_PCK] = ASSAY_SOFT_PLATFORM_CA,
    };
    const struct assay_key key = assay_key_p256(c->public_key);
    struct assay_issue issue = { .not_before_s = c->not_before_s,
                                 .not_after_s = c->not_after_s,
                                 .key = &key,
                                 .is_ca = c->role == ASSAY_SOFT_ROOT ||
                                          c->role == ASSAY_SOFT_PLATFORM_CA,
                                 .path_len = c->role == ASSAY_SOFT_ROOT ? 1 : 0 };
    struct assay_issuer issuer;
    struct assay_der sgx;
    assay_der_init(&sgx);
    if (c->role == ASSAY_SOFT_PCK) put_sgx_extension(&sgx, c->pck);
    ASSAY_ASSERT(!sgx.full);
    issue.extensions = assay_der_finish(&sgx);
    assay_bytes_copy(issue.serial, sizeof issue.serial, c->serial, sizeof c->serial);
    make_name(c->role, c->vendor, &issue.subject);
    key_id(c->public_key, issue.key_id);
    make_issuer(issuers[c->role], c->vendor, c->issuer_public_key, c->issuer_key, &issuer);
    return assay_issue_certificate(&issuer, &issue, der, capacity, len);
}

enum assay_status assay_soft_crl_make(const struct assay_soft_crl *crl, uint8_t *der,
                                      size_t capacity, size_t *len)
{
    const struct assay_issue_crl issue = { .this_update_s = crl->this_update_s,
                                           .next_update_s = crl->next_update_s,
                                           .revoked = crl->revoked,
                                           .revoked_count = crl->revoked_count };
    struct assay_issuer issuer;
    make_issuer(crl->issuer, crl->vendor, crl->issuer_public_key, crl->issuer_key, &issuer);
    return assay_issue_crl(&issuer, &issue, der, capacity, len);
}
