/*
 * quote/cca/cca_token.c - parser of a CCA token: the collection, two COSE_Sign1, the requirements
 * of each profile.
 */
#include "quote/cca/cca_claims.h"

#include "base/assert.h"
#include "quote/text.h"

enum {
    LABEL_PLATFORM = 44234,   /* 0xacca */
    LABEL_REALM = 44241,      /* 0xacd1 */
    CONTENT_FORMAT_CWT = 263, /* "application/eat+cwt" */
};

/* What every profile demands. */
enum {
    PLATFORM_BASE = ASSAY_CCA_HAS_PROFILE | ASSAY_CCA_HAS_IMPLEMENTATION | ASSAY_CCA_HAS_INSTANCE |
                    ASSAY_CCA_HAS_CONFIG | ASSAY_CCA_HAS_LIFECYCLE | ASSAY_CCA_HAS_COMPONENTS |
                    ASSAY_CCA_HAS_HASH,
    REALM_BASE = ASSAY_CCA_HAS_CHALLENGE | ASSAY_CCA_HAS_PERSONALIZATION | ASSAY_CCA_HAS_RIM |
                 ASSAY_CCA_HAS_REMS | ASSAY_CCA_HAS_HASH | ASSAY_CCA_HAS_KEY |
                 ASSAY_CCA_HAS_KEY_HASH,
};

/* --- profiles. Names are arrays: a table with pointers would be writable data to the loader. */
struct platform_profile {
    char name[48];
    uint32_t required;
    uint32_t forbidden;
    uint64_t binding_claim;
};

/*
 * 4.3.3: where the hash of the realm's key stands. The direct model (no RAK: profiles that end in
 * ";direct") and ";HESRAK" are unsupported.
 */
static bool find_platform_profile(struct assay_slice name, struct platform_profile *out)
{
    enum {
        NONCE = PLATFORM_BASE | ASSAY_CCA_HAS_CHALLENGE,
        NONCE_CLIENT = NONCE | ASSAY_CCA_HAS_CLIENT,
        WORKLOAD = PLATFORM_BASE | ASSAY_CCA_HAS_CLIENT | ASSAY_CCA_HAS_WORKLOAD,
    };
    static const struct platform_profile profiles[] = {
        { "http://arm.com/CCA-SSD/1.0.0", NONCE, 0, ASSAY_CCA_CLAIM_CHALLENGE },
        { "tag:arm.com,2023:cca_platform#1.0.0", NONCE, 0, ASSAY_CCA_CLAIM_CHALLENGE },
        { "tag:arm.com,2024:cca_platform#1.1.0", NONCE, 0, ASSAY_CCA_CLAIM_CHALLENGE },
        { "tag:arm.com,2024:cca_platform#2.0.0", NONCE_CLIENT, 0, ASSAY_CCA_CLAIM_CHALLENGE },
        { "tag:arm.com,2026:cca_platform#2.0.0", WORKLOAD, ASSAY_CCA_HAS_CHALLENGE,
          ASSAY_CCA_CLAIM_WORKLOAD },
        { "tag:arm.com,2026:cca_platform#2.0.0;delegated", WORKLOAD, ASSAY_CCA_HAS_CHALLENGE,
          ASSAY_CCA_CLAIM_WORKLOAD },
        { "tag:arm.com,2026:cca_platform#2.1.0", WORKLOAD, ASSAY_CCA_HAS_CHALLENGE,
          ASSAY_CCA_CLAIM_WORKLOAD },
        { "tag:arm.com,2026:cca_platform#2.1.0;delegated", WORKLOAD, ASSAY_CCA_HAS_CHALLENGE,
          ASSAY_CCA_CLAIM_WORKLOAD },
    };
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        const char *const text = profiles[i].name;
        const size_t len = assay_text_len(text, sizeof profiles[i].name);
        if (!assay_slice_equal(name, assay_slice_over(text, len))) continue;
        *out = profiles[i];
        return true;
    }
    return false;
}

struct realm_profile {
    char name[32];
    uint32_t required;
    enum assay_cca_key_form key_form;
};

/* RMM 1.0's first tokens had no realm profile and a raw point; every named one has a COSE_Key. */
static bool find_realm_profile(struct assay_slice name, struct realm_profile *out)
{
    enum {
        NAMED = REALM_BASE | ASSAY_CCA_HAS_PROFILE,
        LATER = NAMED | ASSAY_CCA_HAS_MEC | ASSAY_CCA_HAS_INSTANCE
    };
    static const struct realm_profile profiles[] = {
        { "", REALM_BASE, ASSAY_CCA_KEY_RAW },
        { "tag:arm.com,2023:realm#1.0.0", NAMED, ASSAY_CCA_KEY_COSE },
        { "tag:arm.com,2024:realm#1.1.0", NAMED | ASSAY_CCA_HAS_MEC, ASSAY_CCA_KEY_COSE },
        { "tag:arm.com,2024:realm#2.0.0", LATER, ASSAY_CCA_KEY_COSE },
        { "tag:arm.com,2026:realm#2.0.0", LATER, ASSAY_CCA_KEY_COSE },
    };
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        const char *const text = profiles[i].name;
        const size_t len = assay_text_len(text, sizeof profiles[i].name);
        if (!assay_slice_equal(name, assay_slice_over(text, len))) continue;
        *out = profiles[i];
        return true;
    }
    return false;
}

static enum assay_status check_present(struct assay_cca_reader *r, uint32_t required,
                                       uint32_t forbidden)
{
    ASSAY_ASSERT((required & forbidden) == 0);
    if ((required & ~r->has) != 0) {
        r->field = assay_cca_claim_name(required & ~r->has);
        return ASSAY_E_NOT_FOUND;
    }
    if ((forbidden & r->has) != 0) {
        r->field = assay_cca_claim_name(forbidden & r->has);
        return ASSAY_E_INVALID;
    }
    return ASSAY_OK;
}

/* --- keys and hashes */
static enum assay_cca_hash hash_of(struct assay_slice name)
{
    if (assay_slice_equal(name, assay_slice_over("sha-256", 7))) return ASSAY_CCA_SHA256;
    if (assay_slice_equal(name, assay_slice_over("sha-384", 7))) return ASSAY_CCA_SHA384;
    if (assay_slice_equal(name, assay_slice_over("sha-512", 7))) return ASSAY_CCA_SHA512;
    return ASSAY_CCA_HASH_NONE;
}

size_t assay_cca_digest(enum assay_cca_hash hash, struct assay_slice bytes,
                        uint8_t digest[static ASSAY_DIGEST_MAX])
{
    switch (hash) {
    case ASSAY_CCA_HASH_NONE: return 0;
    case ASSAY_CCA_SHA256: assay_sha256(bytes.bytes, bytes.len, digest); return ASSAY_SHA256_LEN;
    case ASSAY_CCA_SHA384: assay_sha384(bytes.bytes, bytes.len, digest); return ASSAY_SHA384_LEN;
    case ASSAY_CCA_SHA512: assay_sha512(bytes.bytes, bytes.len, digest); return ASSAY_SHA512_LEN;
    }
    ASSAY_UNREACHABLE("a hash");
}

/* RMM 1.0 A7.2.3.1.8: an uncompressed point of P-384 (SEC1 2.3.3). */
static enum assay_status read_raw_point(struct assay_slice bytes, struct assay_key *key)
{
    enum { UNCOMPRESSED = 4 };
    if (bytes.len != 1 + ASSAY_P384_PUBLIC_LEN) return ASSAY_E_RANGE;
    if (bytes.bytes[0] != UNCOMPRESSED) return ASSAY_E_INVALID;
    assay_key_from(key, ASSAY_KEY_P384, bytes.bytes + 1, ASSAY_P384_PUBLIC_LEN);
    return ASSAY_OK;
}

static enum assay_status read_key(struct assay_cca_reader *r, struct assay_cca_realm *realm)
{
    r->field = assay_cca_claim_name(ASSAY_CCA_HAS_KEY_HASH);
    realm->binding_hash = hash_of(realm->key_hash);
    if (realm->binding_hash == ASSAY_CCA_HASH_NONE) return ASSAY_E_UNSUPPORTED;
    r->field = assay_cca_claim_name(ASSAY_CCA_HAS_KEY);
    if (realm->key_form == ASSAY_CCA_KEY_RAW) return read_raw_point(realm->key, &realm->public_key);
    return assay_cose_key_parse(realm->key.bytes, realm->key.len, &realm->public_key);
}

/* --- tokens */
/* The envelope of either token. Out: *r over its claims. */
static enum assay_status open_token(struct assay_slice token, uint32_t offset, const char *name,
                                    struct assay_cose_sign1 *cose, struct assay_cca_reader *r)
{
    *r = (struct assay_cca_reader){ .in = assay_cursor_over(token.bytes, token.len),
                                    .base = offset,
                                    .field = name };
    ASSAY_TRY(assay_cose_sign1_parse(token.bytes, token.len, cose));
    r->field = cose->algorithm == ASSAY_COSE_ES512 ? "ES256 or ES384, not ES512" : "ES256 or ES384";
    if (assay_cose_key_type(cose->algorithm) == ASSAY_KEY_NONE) return ASSAY_E_UNSUPPORTED;
    ASSAY_ASSERT(cose->offset_payload + cose->payload.len <= token.len);
    *r = (struct assay_cca_reader){ .in = assay_cursor_over(cose->payload.bytes, cose->payload.len),
                                    .base = offset + cose->offset_payload,
                                    .field = name };
    return ASSAY_OK;
}

static enum assay_status read_platform(struct assay_slice token, struct assay_cca_platform *p,
                                       struct assay_cca_reader *r)
{
    struct platform_profile profile;
    ASSAY_TRY(open_token(token, p->offset, "the platform token", &p->cose, r));
    ASSAY_TRY(assay_cca_read_claims(r, p, NULL));
    ASSAY_TRY(check_present(r, ASSAY_CCA_HAS_PROFILE, 0));
    r->field = assay_cca_claim_name(ASSAY_CCA_HAS_PROFILE);
    if (!find_platform_profile(p->profile, &profile)) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(check_present(r, profile.required, profile.forbidden));
    /* A later claim of an earlier profile is skipped like any other; but then there are two. */
    r->field = assay_cca_claim_name(ASSAY_CCA_HAS_WORKLOAD);
    if (profile.binding_claim == ASSAY_CCA_CLAIM_CHALLENGE &&
        (r->has & ASSAY_CCA_HAS_WORKLOAD) != 0)
        return ASSAY_E_INVALID;
    ASSAY_ASSERT(p->binding.len > 0 && p->instance.len == ASSAY_CCA_INSTANCE_LEN);
    p->binding_claim = profile.binding_claim;
    return ASSAY_OK;
}

static enum assay_status read_realm(struct assay_slice token, struct assay_cca_realm *realm,
                                    struct assay_cca_reader *r)
{
    struct realm_profile profile;
    ASSAY_TRY(open_token(token, realm->offset, "the realm token", &realm->cose, r));
    ASSAY_TRY(assay_cca_read_claims(r, NULL, realm));
    r->field = assay_cca_claim_name(ASSAY_CCA_HAS_PROFILE);
    if (!find_realm_profile(realm->profile, &profile)) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(check_present(r, profile.required, 0));
    ASSAY_ASSERT(realm->rim.len > 0 && realm->challenge.len == ASSAY_CCA_CHALLENGE_LEN);
    realm->key_form = profile.key_form;
    /*
     * Measurements keep the length that they came with: 32, 48 or 64 bytes are allowed to each
     * (DEN0137 A7.2.3.2). By A7.2.3.1.6 they are made with the hash of claim 44236, yet published
     * tokens accepted by other verifiers have 64 bytes under "sha-256"; they are compared
     * completely.
     */
    return read_key(r, realm);
}

/* --- the collection */
struct collection {
    uint64_t tag;
    struct assay_slice platform, realm;
    uint32_t offset_platform, offset_realm;
};

/* A byte string, or in a CMW a record [type, value, ? indicator] around it. */
static enum assay_status read_entry(struct assay_cca_reader *r, uint64_t tag,
                                    struct assay_slice *token, uint32_t *offset)
{
    enum { RECORD_MAX = 3, RECORD_MIN = 2 };
    uint64_t count = RECORD_MIN;
    uint64_t format = 0;
    if (tag == ASSAY_CCA_TAG_CMW) {
        ASSAY_TRY(assay_cbor_array(&r->in, RECORD_MAX, &count));
        if (count < RECORD_MIN) return ASSAY_E_RANGE;
        if (assay_cbor_text_expect(&r->in, "application/eat+cwt") != ASSAY_OK) {
            ASSAY_TRY(assay_cbor_uint(&r->in, &format));
            if (format != CONTENT_FORMAT_CWT) return ASSAY_E_UNSUPPORTED;
        }
    }
    ASSAY_TRY(assay_cbor_bytes(&r->in, ASSAY_EVIDENCE_LEN_MAX, token));
    *offset = assay_cca_offset_of(r, *token);
    if (token->len == 0) return ASSAY_E_RANGE;
    return count > RECORD_MIN ? assay_cose_skip(&r->in) : ASSAY_OK;
}

/* Other entries are unsigned: a collection of the first kind has none, a CMW may (4.1). */
static enum assay_status read_collection(struct assay_cca_reader *r, struct collection *c)
{
    struct assay_cose_map map;
    struct assay_cose_label label;
    r->field = "a CCA token (tag 399 or 907)";
    ASSAY_TRY(assay_cbor_tag(&r->in, &c->tag));
    if (c->tag != ASSAY_CCA_TAG_COLLECTION && c->tag != ASSAY_CCA_TAG_CMW)
        return ASSAY_E_UNSUPPORTED;
    r->field = "the collection of tokens";
    ASSAY_TRY(assay_cose_map_open(&r->in, ASSAY_COSE_PAIRS_MAX, &map));
    while (assay_cose_map_more(&map, &r->in)) {
        ASSAY_TRY(assay_cose_map_next(&map, &r->in, &label));
        const int64_t key = label.is_text ? 0 : label.number;
        if (key == LABEL_PLATFORM)
            ASSAY_TRY(read_entry(r, c->tag, &c->platform, &c->offset_platform));
        else if (key == LABEL_REALM) ASSAY_TRY(read_entry(r, c->tag, &c->realm, &c->offset_realm));
        else if (c->tag == ASSAY_CCA_TAG_CMW) ASSAY_TRY(assay_cose_skip(&r->in));
        else return ASSAY_E_INVALID;
    }
    r->field = "the end of the token";
    ASSAY_TRY(assay_cursor_end(&r->in));
    r->field = "platform token (44234)";
    if (c->platform.len == 0) return ASSAY_E_NOT_FOUND;
    r->field = "realm token (44241)";
    return c->realm.len > 0 ? ASSAY_OK : ASSAY_E_NOT_FOUND;
}

static enum assay_status read_all(struct assay_cca_reader *r, struct assay_cca_token *t)
{
    struct collection c = { 0 };
    ASSAY_TRY(read_collection(r, &c));
    t->tag = c.tag;
    t->platform.offset = c.offset_platform;
    t->realm.offset = c.offset_realm;
    ASSAY_ASSERT(c.platform.len > 0 && c.realm.len > 0);
    ASSAY_TRY(read_platform(c.platform, &t->platform, r));
    return read_realm(c.realm, &t->realm, r);
}

enum assay_status assay_cca_parse(const uint8_t *bytes, size_t len, struct assay_cca_token *token,
                                  struct assay_where *where)
{
    ASSAY_ASSERT(token != NULL);
    struct assay_cca_token t = { 0 };
    if (len > ASSAY_EVIDENCE_LEN_MAX) return ASSAY_E_RANGE;
    struct assay_cca_reader r = { .in = assay_cursor_over(bytes, len) };
    const enum assay_status status = read_all(&r, &t);
    if (where != NULL)
        *where = (struct assay_where){ .field = r.field, .offset = r.base + r.in.pos };
    if (status != ASSAY_OK) return status;
    ASSAY_ASSERT(t.realm.public_key.type != ASSAY_KEY_NONE);
    ASSAY_ASSERT(t.realm.binding_hash != ASSAY_CCA_HASH_NONE);
    *token = t;
    return ASSAY_OK;
}
