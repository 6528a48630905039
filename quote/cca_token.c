/*
 * quote/cca_token.c - reading a CCA token: the collection, two COSE_Sign1, the claims of each.
 */
#include "quote/cca.h"

#include "base/assert.h"
#include "quote/text.h"

enum {
    LABEL_PLATFORM = 44234,   /* 0xacca */
    LABEL_REALM = 44241,      /* 0xacd1 */
    CONTENT_FORMAT_CWT = 263, /* "application/eat+cwt" */
    TEXT_MAX = 256,
    CONFIG_MAX = 1024,
    KEY_MAX = 256, /* a COSE_Key of P-384 takes 107 bytes */
    HASH_MAX = 64,
};

/* Claims of the platform token, draft 04 4.3 to 4.7. */
enum {
    P_CHALLENGE = 10,
    P_INSTANCE = 256,
    P_PROFILE = 265,
    P_CLIENT = 2394,
    P_LIFECYCLE = 2395,
    P_IMPLEMENTATION = 2396,
    P_COMPONENTS = 2399,
    P_SERVICE = 2400,
    P_CONFIG = 2401,
    P_HASH = 2402,
    P_WORKLOAD = 2408,
};

/* Claims of the realm token, 4.8. */
enum {
    R_CHALLENGE = 10,
    R_INSTANCE = 256,
    R_PROFILE = 265,
    R_PERSONALIZATION = 44235,
    R_HASH = 44236,
    R_KEY = 44237,
    R_RIM = 44238,
    R_REMS = 44239,
    R_KEY_HASH = 44240,
    R_MEC = 44243,
};

/* What was there, as bits. */
enum {
    HAS_PROFILE = 1,
    HAS_CHALLENGE = 2,
    HAS_WORKLOAD = 4,
    HAS_IMPLEMENTATION = 8,
    HAS_INSTANCE = 16,
    HAS_CONFIG = 32,
    HAS_LIFECYCLE = 64,
    HAS_COMPONENTS = 128,
    HAS_HASH = 256,
    HAS_CLIENT = 512,
    HAS_PERSONALIZATION = 1024,
    HAS_RIM = 2048,
    HAS_REMS = 4096,
    HAS_KEY = 8192,
    HAS_KEY_HASH = 16384,
    HAS_MEC = 32768,
    PLATFORM_BASE = HAS_PROFILE | HAS_IMPLEMENTATION | HAS_INSTANCE | HAS_CONFIG | HAS_LIFECYCLE |
                    HAS_COMPONENTS | HAS_HASH,
    REALM_BASE = HAS_CHALLENGE | HAS_PERSONALIZATION | HAS_RIM | HAS_REMS | HAS_HASH | HAS_KEY |
                 HAS_KEY_HASH,
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
        NONCE = PLATFORM_BASE | HAS_CHALLENGE,
        NONCE_CLIENT = NONCE | HAS_CLIENT,
        WORKLOAD = PLATFORM_BASE | HAS_CLIENT | HAS_WORKLOAD,
    };
    static const struct platform_profile profiles[] = {
        { "http://arm.com/CCA-SSD/1.0.0", NONCE, 0, P_CHALLENGE },
        { "tag:arm.com,2023:cca_platform#1.0.0", NONCE, 0, P_CHALLENGE },
        { "tag:arm.com,2024:cca_platform#1.1.0", NONCE, 0, P_CHALLENGE },
        { "tag:arm.com,2024:cca_platform#2.0.0", NONCE_CLIENT, 0, P_CHALLENGE },
        { "tag:arm.com,2026:cca_platform#2.0.0", WORKLOAD, HAS_CHALLENGE, P_WORKLOAD },
        { "tag:arm.com,2026:cca_platform#2.0.0;delegated", WORKLOAD, HAS_CHALLENGE, P_WORKLOAD },
        { "tag:arm.com,2026:cca_platform#2.1.0", WORKLOAD, HAS_CHALLENGE, P_WORKLOAD },
        { "tag:arm.com,2026:cca_platform#2.1.0;delegated", WORKLOAD, HAS_CHALLENGE, P_WORKLOAD },
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
    enum { NAMED = REALM_BASE | HAS_PROFILE, LATER = NAMED | HAS_MEC | HAS_INSTANCE };
    static const struct realm_profile profiles[] = {
        { "", REALM_BASE, ASSAY_CCA_KEY_RAW },
        { "tag:arm.com,2023:realm#1.0.0", NAMED, ASSAY_CCA_KEY_COSE },
        { "tag:arm.com,2024:realm#1.1.0", NAMED | HAS_MEC, ASSAY_CCA_KEY_COSE },
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

/* The claim of the lowest bit of a set, for people. */
static const char *claim_name(uint32_t bits)
{
    static const char names[][32] = {
        "profile (265)",
        "challenge (10)",
        "workload binding (2408)",
        "implementation id (2396)",
        "instance id (256)",
        "platform config (2401)",
        "lifecycle (2395)",
        "software components (2399)",
        "hash algorithm",
        "client id (2394)",
        "personalization value (44235)",
        "initial measurement (44238)",
        "extensible measurements (44239)",
        "realm public key (44237)",
        "hash of the public key (44240)",
        "MEC policy (44243)",
    };
    size_t i = 0;
    ASSAY_ASSERT(bits != 0);
    while ((bits >> i & 1u) == 0)
        i += 1;
    ASSAY_ASSERT(i < sizeof names / sizeof names[0]);
    return names[i];
}

/* --- reading claims */
struct reader {
    struct assay_cursor in;
    uint32_t base; /* of the bytes under the cursor in the evidence */
    const char *field;
    uint32_t has;
};

static enum assay_status read_text(struct reader *r, struct assay_slice *out)
{
    ASSAY_TRY(assay_cbor_text(&r->in, TEXT_MAX, out));
    return out->len > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status read_exact(struct reader *r, size_t len, struct assay_slice *out)
{
    ASSAY_TRY(assay_cbor_bytes(&r->in, len, out));
    return out->len == len ? ASSAY_OK : ASSAY_E_RANGE;
}

/* arm-platform-hash-type: 32, 48 or 64 bytes. */
static enum assay_status read_hash(struct reader *r, struct assay_slice *out)
{
    ASSAY_TRY(assay_cbor_bytes(&r->in, HASH_MAX, out));
    const bool fits = out->len == ASSAY_SHA256_LEN || out->len == ASSAY_SHA384_LEN ||
                      out->len == ASSAY_SHA512_LEN;
    return fits ? ASSAY_OK : ASSAY_E_RANGE;
}

/* 4.4.1: a UEID of type RAND. */
static enum assay_status read_ueid(struct reader *r, struct assay_slice *out)
{
    enum { TYPE_RAND = 1 };
    ASSAY_TRY(read_exact(r, ASSAY_CCA_INSTANCE_LEN, out));
    return out->bytes[0] == TYPE_RAND ? ASSAY_OK : ASSAY_E_INVALID;
}

/* Where the last thing that was read begins. */
static uint32_t offset_of(const struct reader *r, struct assay_slice last)
{
    return r->base + (uint32_t)(r->in.pos - last.len);
}

/* 4.6.1. */
static enum assay_status read_component(struct reader *r, struct assay_cca_component *c)
{
    enum { TYPE = 1, MEASUREMENT = 2, VERSION = 4, SIGNER = 5, HASH = 6 };
    struct assay_cose_map map;
    struct assay_cose_label label;
    ASSAY_TRY(assay_cose_map_open(&r->in, ASSAY_COSE_PAIRS_MAX, &map));
    while (map.left > 0) {
        ASSAY_TRY(assay_cose_map_next(&map, &r->in, &label));
        const int64_t key = label.is_text ? 0 : label.number;
        if (key == TYPE) ASSAY_TRY(assay_cbor_text(&r->in, TEXT_MAX, &c->type));
        else if (key == MEASUREMENT) ASSAY_TRY(read_hash(r, &c->measurement));
        else if (key == VERSION) ASSAY_TRY(assay_cbor_text(&r->in, TEXT_MAX, &c->version));
        else if (key == SIGNER) ASSAY_TRY(read_hash(r, &c->signer));
        else if (key == HASH) ASSAY_TRY(assay_cbor_text(&r->in, TEXT_MAX, &c->hash));
        else ASSAY_TRY(assay_cose_skip(&r->in));
    }
    return c->measurement.len > 0 && c->signer.len > 0 ? ASSAY_OK : ASSAY_E_NOT_FOUND;
}

static enum assay_status read_components(struct reader *r, struct assay_cca_platform *p)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(&r->in, ASSAY_CCA_COMPONENTS_MAX, &count));
    if (count == 0) return ASSAY_E_RANGE;
    p->component_count = (size_t)count;
    for (size_t i = 0; i < p->component_count; i++)
        ASSAY_TRY(read_component(r, &p->components[i]));
    return ASSAY_OK;
}

static enum assay_status read_lifecycle(struct reader *r, struct assay_cca_platform *p)
{
    uint64_t value = 0;
    p->offset_lifecycle = r->base + (uint32_t)r->in.pos;
    ASSAY_TRY(assay_cbor_uint_max(&r->in, UINT16_MAX, &value));
    p->lifecycle = (uint16_t)value;
    return ASSAY_OK;
}

/* 4.6.3: the Realm Management Security Domain is the only one that may ask. */
static enum assay_status read_client(struct reader *r)
{
    enum { RMSD = 1 };
    int64_t client = 0;
    ASSAY_TRY(assay_cbor_int(&r->in, &client));
    return client == RMSD ? ASSAY_OK : ASSAY_E_INVALID;
}

/* Notes which claim it is. Returns: always true, to stand in a condition. */
static void at_claim(struct reader *r, uint32_t bit)
{
    r->has |= bit;
    r->field = claim_name(bit);
}

static enum assay_status read_binding(struct reader *r, struct assay_cca_platform *p, uint32_t bit)
{
    at_claim(r, bit);
    ASSAY_TRY(read_hash(r, &p->binding));
    p->offset_binding = offset_of(r, p->binding);
    return ASSAY_OK;
}

static enum assay_status read_platform_claim(struct reader *r, int64_t key,
                                             struct assay_cca_platform *p)
{
    switch (key) {
    case P_CHALLENGE: return read_binding(r, p, HAS_CHALLENGE);
    case P_WORKLOAD: return read_binding(r, p, HAS_WORKLOAD);
    case P_PROFILE: at_claim(r, HAS_PROFILE); return read_text(r, &p->profile);
    case P_INSTANCE: at_claim(r, HAS_INSTANCE); return read_ueid(r, &p->instance);
    case P_CLIENT: at_claim(r, HAS_CLIENT); return read_client(r);
    case P_LIFECYCLE: at_claim(r, HAS_LIFECYCLE); return read_lifecycle(r, p);
    case P_COMPONENTS: at_claim(r, HAS_COMPONENTS); return read_components(r, p);
    case P_HASH: at_claim(r, HAS_HASH); return read_text(r, &p->hash);
    case P_CONFIG: at_claim(r, HAS_CONFIG); return assay_cbor_bytes(&r->in, CONFIG_MAX, &p->config);
    case P_SERVICE: r->field = "verification service (2400)"; return read_text(r, &p->service);
    case P_IMPLEMENTATION:
        at_claim(r, HAS_IMPLEMENTATION);
        ASSAY_TRY(read_exact(r, ASSAY_CCA_IMPLEMENTATION_LEN, &p->implementation));
        p->offset_implementation = offset_of(r, p->implementation);
        return ASSAY_OK;
    }
    r->field = "a claim of another key";
    return assay_cose_skip(&r->in);
}

static enum assay_status read_rems(struct reader *r, struct assay_cca_realm *realm)
{
    realm->offset_rems = r->base + (uint32_t)r->in.pos;
    ASSAY_TRY(assay_cbor_array_exact(&r->in, ASSAY_CCA_REMS));
    for (size_t i = 0; i < ASSAY_CCA_REMS; i++)
        ASSAY_TRY(read_hash(r, &realm->rems[i]));
    return ASSAY_OK;
}

/* 4.8.9: a number in draft 04, a text in 03. */
static enum assay_status read_mec_policy(struct reader *r)
{
    enum { SHARED = 0, PRIVATE = 1 };
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    uint64_t policy = 0;
    ASSAY_TRY(assay_cbor_peek(&r->in, &type));
    if (type != ASSAY_CBOR_TEXT) return assay_cbor_uint_max(&r->in, PRIVATE, &policy);
    if (assay_cbor_text_expect(&r->in, "shared") == ASSAY_OK) return ASSAY_OK;
    return assay_cbor_text_expect(&r->in, "private") == ASSAY_OK ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status read_realm_claim(struct reader *r, int64_t key,
                                          struct assay_cca_realm *realm)
{
    struct assay_slice instance;
    switch (key) {
    case R_CHALLENGE:
        at_claim(r, HAS_CHALLENGE);
        return read_exact(r, ASSAY_CCA_CHALLENGE_LEN, &realm->challenge);
    case R_PROFILE: at_claim(r, HAS_PROFILE); return read_text(r, &realm->profile);
    case R_PERSONALIZATION:
        at_claim(r, HAS_PERSONALIZATION);
        return read_exact(r, ASSAY_CCA_PERSONALIZATION_LEN, &realm->personalization);
    case R_HASH: at_claim(r, HAS_HASH); return read_text(r, &realm->hash);
    case R_KEY_HASH: at_claim(r, HAS_KEY_HASH); return read_text(r, &realm->key_hash);
    case R_KEY: at_claim(r, HAS_KEY); return assay_cbor_bytes(&r->in, KEY_MAX, &realm->key);
    case R_RIM:
        at_claim(r, HAS_RIM);
        ASSAY_TRY(read_hash(r, &realm->rim));
        realm->offset_rim = offset_of(r, realm->rim);
        return ASSAY_OK;
    case R_REMS: at_claim(r, HAS_REMS); return read_rems(r, realm);
    case R_MEC: at_claim(r, HAS_MEC); return read_mec_policy(r);
    case R_INSTANCE: at_claim(r, HAS_INSTANCE); return read_ueid(r, &instance);
    }
    r->field = "a claim of another key";
    return assay_cose_skip(&r->in);
}

/* One of the two is not NULL: whose claims they are. */
static enum assay_status read_claims(struct reader *r, struct assay_cca_platform *platform,
                                     struct assay_cca_realm *realm)
{
    struct assay_cose_map map;
    struct assay_cose_label label;
    r->field = platform != NULL ? "claims of the platform" : "claims of the realm";
    ASSAY_TRY(assay_cose_map_open(&r->in, ASSAY_COSE_PAIRS_MAX, &map));
    while (map.left > 0) {
        r->field = "the key of a claim";
        ASSAY_TRY(assay_cose_map_next(&map, &r->in, &label));
        /* CCA has no claims with text keys; 0 is reserved in CWT. */
        const int64_t key = label.is_text ? 0 : label.number;
        if (platform != NULL) ASSAY_TRY(read_platform_claim(r, key, platform));
        else ASSAY_TRY(read_realm_claim(r, key, realm));
    }
    r->field = "the end of the claims";
    return assay_cursor_end(&r->in);
}

static enum assay_status check_present(struct reader *r, uint32_t required, uint32_t forbidden)
{
    if ((required & ~r->has) != 0) {
        r->field = claim_name(required & ~r->has);
        return ASSAY_E_NOT_FOUND;
    }
    if ((forbidden & r->has) != 0) {
        r->field = claim_name(forbidden & r->has);
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

static enum assay_status read_key(struct reader *r, struct assay_cca_realm *realm)
{
    r->field = claim_name(HAS_KEY_HASH);
    realm->binding_hash = hash_of(realm->key_hash);
    if (realm->binding_hash == ASSAY_CCA_HASH_NONE) return ASSAY_E_UNSUPPORTED;
    r->field = claim_name(HAS_KEY);
    if (realm->key_form == ASSAY_CCA_KEY_RAW) return read_raw_point(realm->key, &realm->public_key);
    return assay_cose_key_parse(realm->key.bytes, realm->key.len, &realm->public_key);
}

/* --- tokens */
/* The envelope of either token. Out: *r over its claims. */
static enum assay_status open_token(struct assay_slice token, uint32_t offset, const char *name,
                                    struct assay_cose_sign1 *cose, struct reader *r)
{
    r->field = name;
    r->base = offset;
    ASSAY_TRY(assay_cose_sign1_parse(token.bytes, token.len, cose));
    r->field = cose->algorithm == ASSAY_COSE_ES512 ? "ES256 or ES384, not ES512" : "ES256 or ES384";
    if (assay_cose_key_type(cose->algorithm) == ASSAY_KEY_NONE) return ASSAY_E_UNSUPPORTED;
    *r = (struct reader){ .in = assay_cursor_over(cose->payload.bytes, cose->payload.len),
                          .base = offset + cose->offset_payload,
                          .field = name };
    return ASSAY_OK;
}

static enum assay_status read_platform(struct assay_slice token, struct assay_cca_platform *p,
                                       struct reader *r)
{
    struct platform_profile profile;
    ASSAY_TRY(open_token(token, p->offset, "the platform token", &p->cose, r));
    ASSAY_TRY(read_claims(r, p, NULL));
    ASSAY_TRY(check_present(r, HAS_PROFILE, 0));
    r->field = claim_name(HAS_PROFILE);
    if (!find_platform_profile(p->profile, &profile)) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(check_present(r, profile.required, profile.forbidden));
    /* A later claim of an earlier profile is skipped like any other; but then there are two. */
    r->field = claim_name(HAS_WORKLOAD);
    if (profile.binding_claim == P_CHALLENGE && (r->has & HAS_WORKLOAD) != 0)
        return ASSAY_E_INVALID;
    p->binding_claim = profile.binding_claim;
    return ASSAY_OK;
}

static enum assay_status read_realm(struct assay_slice token, struct assay_cca_realm *realm,
                                    struct reader *r)
{
    struct realm_profile profile;
    ASSAY_TRY(open_token(token, realm->offset, "the realm token", &realm->cose, r));
    ASSAY_TRY(read_claims(r, NULL, realm));
    r->field = claim_name(HAS_PROFILE);
    if (!find_realm_profile(realm->profile, &profile)) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(check_present(r, profile.required, 0));
    realm->key_form = profile.key_form;
    return read_key(r, realm);
}

/* --- the collection */
struct collection {
    uint64_t tag;
    struct assay_slice platform, realm;
    uint32_t offset_platform, offset_realm;
};

/* A byte string, or in a CMW a record [type, value, ? indicator] around it. */
static enum assay_status read_entry(struct reader *r, uint64_t tag, struct assay_slice *token,
                                    uint32_t *offset)
{
    enum { RECORD_MAX = 3, RECORD_MIN = 2 };
    uint64_t count = RECORD_MIN;
    uint64_t format = 0;
    if (tag == ASSAY_CCA_TAG_CMW) {
        ASSAY_TRY(assay_cbor_array(&r->in, RECORD_MAX, &count));
        if (count < RECORD_MIN) return ASSAY_E_RANGE;
        if (assay_cbor_text_expect(&r->in, "application/eat+cwt") != ASSAY_OK)
            ASSAY_TRY(assay_cbor_uint(&r->in, &format));
        if (format != 0 && format != CONTENT_FORMAT_CWT) return ASSAY_E_UNSUPPORTED;
    }
    ASSAY_TRY(assay_cbor_bytes(&r->in, ASSAY_EVIDENCE_LEN_MAX, token));
    *offset = offset_of(r, *token);
    if (token->len == 0) return ASSAY_E_RANGE;
    return count > RECORD_MIN ? assay_cose_skip(&r->in) : ASSAY_OK;
}

/* Other entries are unsigned: a collection of the first kind has none, a CMW may (4.1). */
static enum assay_status read_collection(struct reader *r, struct collection *c)
{
    struct assay_cose_map map;
    struct assay_cose_label label;
    r->field = "a CCA token (tag 399 or 907)";
    ASSAY_TRY(assay_cbor_tag(&r->in, &c->tag));
    if (c->tag != ASSAY_CCA_TAG_COLLECTION && c->tag != ASSAY_CCA_TAG_CMW)
        return ASSAY_E_UNSUPPORTED;
    r->field = "the collection of tokens";
    ASSAY_TRY(assay_cose_map_open(&r->in, ASSAY_COSE_PAIRS_MAX, &map));
    while (map.left > 0) {
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

static enum assay_status read_all(struct reader *r, struct assay_cca_token *t)
{
    struct collection c = { 0 };
    ASSAY_TRY(read_collection(r, &c));
    t->tag = c.tag;
    t->platform.offset = c.offset_platform;
    t->realm.offset = c.offset_realm;
    ASSAY_TRY(read_platform(c.platform, &t->platform, r));
    return read_realm(c.realm, &t->realm, r);
}

enum assay_status assay_cca_parse(const uint8_t *bytes, size_t len, struct assay_cca_token *token,
                                  struct assay_where *where)
{
    ASSAY_ASSERT(token != NULL);
    struct assay_cca_token t = { 0 };
    if (len > ASSAY_EVIDENCE_LEN_MAX) return ASSAY_E_RANGE;
    struct reader r = { .in = assay_cursor_over(bytes, len) };
    const enum assay_status status = read_all(&r, &t);
    if (where != NULL)
        *where = (struct assay_where){ .field = r.field, .offset = r.base + r.in.pos };
    if (status != ASSAY_OK) return status;
    *token = t;
    return ASSAY_OK;
}
