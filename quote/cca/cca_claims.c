/*
 * quote/cca/cca_claims.c - parser of the claims of a platform token and of a realm token.
 */
#include "quote/cca/cca_claims.h"

#include "base/assert.h"

#include <string.h>

enum {
    TEXT_MAX = 256,
    CONFIG_MAX = 1024,
    KEY_MAX = 256, /* a COSE_Key of P-384 takes 107 bytes */
    HASH_MAX = 64,
};

/* Claims of the platform token, draft 04 4.3 to 4.7. */
enum {
    P_CHALLENGE = ASSAY_CCA_CLAIM_CHALLENGE,
    P_INSTANCE = 256,
    P_PROFILE = 265,
    P_CLIENT = 2394,
    P_LIFECYCLE = 2395,
    P_IMPLEMENTATION = 2396,
    P_COMPONENTS = 2399,
    P_SERVICE = 2400,
    P_CONFIG = 2401,
    P_HASH = 2402,
    P_WORKLOAD = ASSAY_CCA_CLAIM_WORKLOAD,
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

const char *assay_cca_claim_name(uint32_t bits)
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
static enum assay_status read_text(struct assay_cca_reader *r, struct assay_slice *out)
{
    ASSAY_TRY(assay_cbor_text(&r->in, TEXT_MAX, out));
    return out->len > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status read_exact(struct assay_cca_reader *r, size_t len, struct assay_slice *out)
{
    ASSAY_TRY(assay_cbor_bytes(&r->in, len, out));
    return out->len == len ? ASSAY_OK : ASSAY_E_RANGE;
}

/* arm-platform-hash-type: 32, 48 or 64 bytes. */
static enum assay_status read_hash(struct assay_cca_reader *r, struct assay_slice *out)
{
    ASSAY_TRY(assay_cbor_bytes(&r->in, HASH_MAX, out));
    const bool fits = out->len == ASSAY_SHA256_LEN || out->len == ASSAY_SHA384_LEN ||
                      out->len == ASSAY_SHA512_LEN;
    return fits ? ASSAY_OK : ASSAY_E_RANGE;
}

/* 4.4.1: a UEID of type RAND. */
static enum assay_status read_ueid(struct assay_cca_reader *r, struct assay_slice *out)
{
    enum { TYPE_RAND = 1 };
    ASSAY_TRY(read_exact(r, ASSAY_CCA_INSTANCE_LEN, out));
    return out->bytes[0] == TYPE_RAND ? ASSAY_OK : ASSAY_E_INVALID;
}

uint32_t assay_cca_offset_of(const struct assay_cca_reader *r, struct assay_slice last)
{
    ASSAY_ASSERT(last.len <= r->in.pos);
    return r->base + (uint32_t)(r->in.pos - last.len);
}

/*
 * DEN0137 A7.2.3.1.6 takes names from IANA's registry "Named Information Hash Algorithm"; these are
 * the ones there whose digests have the lengths that measurements may have. With another name the
 * measurement is unknown.
 */
static enum assay_status read_hash_name(struct assay_cca_reader *r, struct assay_slice *out)
{
    static const char *const names[] = {
        "sha-256",     "sha-384",     "sha-512",     "sha3-256", "sha3-384", "sha3-512",
        "blake2s-256", "blake2b-256", "blake2b-512", "k12-256",  "k12-512",
    };
    ASSAY_TRY(read_text(r, out));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (assay_slice_equal(*out, assay_slice_over(names[i], strlen(names[i])))) return ASSAY_OK;
    return ASSAY_E_UNSUPPORTED;
}

/* 4.6.1. */
static enum assay_status read_component(struct assay_cca_reader *r, struct assay_cca_component *c)
{
    enum { TYPE = 1, MEASUREMENT = 2, VERSION = 4, SIGNER = 5, HASH = 6 };
    struct assay_cose_map map;
    struct assay_cose_label label;
    ASSAY_TRY(assay_cose_map_open(&r->in, ASSAY_COSE_PAIRS_MAX, &map));
    while (assay_cose_map_more(&map, &r->in)) {
        ASSAY_TRY(assay_cose_map_next(&map, &r->in, &label));
        const int64_t key = label.is_text ? 0 : label.number;
        if (key == TYPE) ASSAY_TRY(assay_cbor_text(&r->in, TEXT_MAX, &c->type));
        else if (key == MEASUREMENT) ASSAY_TRY(read_hash(r, &c->measurement));
        else if (key == VERSION) ASSAY_TRY(assay_cbor_text(&r->in, TEXT_MAX, &c->version));
        else if (key == SIGNER) ASSAY_TRY(read_hash(r, &c->signer));
        else if (key == HASH) ASSAY_TRY(read_hash_name(r, &c->hash));
        else ASSAY_TRY(assay_cose_skip(&r->in));
    }
    return c->measurement.len > 0 && c->signer.len > 0 ? ASSAY_OK : ASSAY_E_NOT_FOUND;
}

static enum assay_status read_components(struct assay_cca_reader *r, struct assay_cca_platform *p)
{
    struct assay_cose_array array;
    ASSAY_TRY(assay_cose_array_open(&r->in, &array));
    if (array.left > ASSAY_CCA_COMPONENTS_MAX) return ASSAY_E_RANGE;
    while (assay_cose_array_more(&array, &r->in)) {
        if (p->component_count == ASSAY_CCA_COMPONENTS_MAX) return ASSAY_E_RANGE;
        ASSAY_TRY(read_component(r, &p->components[p->component_count]));
        p->component_count += 1;
        ASSAY_ASSERT(p->component_count <= ASSAY_CCA_COMPONENTS_MAX);
    }
    return p->component_count > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status read_lifecycle(struct assay_cca_reader *r, struct assay_cca_platform *p)
{
    uint64_t value = 0;
    p->offset_lifecycle = r->base + (uint32_t)r->in.pos;
    ASSAY_TRY(assay_cbor_uint_max(&r->in, UINT16_MAX, &value));
    p->lifecycle = (uint16_t)value;
    return ASSAY_OK;
}

/* 4.6.3: the Realm Management Security Domain is the only one that may ask. */
static enum assay_status read_client(struct assay_cca_reader *r)
{
    enum { RMSD = 1 };
    int64_t client = 0;
    ASSAY_TRY(assay_cbor_int(&r->in, &client));
    return client == RMSD ? ASSAY_OK : ASSAY_E_INVALID;
}

/* Notes which claim it is. */
static void at_claim(struct assay_cca_reader *r, uint32_t bit)
{
    ASSAY_ASSERT(bit != 0 && (bit & (bit - 1)) == 0);
    r->has |= bit;
    r->field = assay_cca_claim_name(bit);
}

static enum assay_status read_binding(struct assay_cca_reader *r, struct assay_cca_platform *p,
                                      uint32_t bit)
{
    at_claim(r, bit);
    ASSAY_TRY(read_hash(r, &p->binding));
    p->offset_binding = assay_cca_offset_of(r, p->binding);
    return ASSAY_OK;
}

static enum assay_status read_platform_claim(struct assay_cca_reader *r, int64_t key,
                                             struct assay_cca_platform *p)
{
    switch (key) {
    case P_CHALLENGE: return read_binding(r, p, ASSAY_CCA_HAS_CHALLENGE);
    case P_WORKLOAD: return read_binding(r, p, ASSAY_CCA_HAS_WORKLOAD);
    case P_PROFILE: at_claim(r, ASSAY_CCA_HAS_PROFILE); return read_text(r, &p->profile);
    case P_INSTANCE: at_claim(r, ASSAY_CCA_HAS_INSTANCE); return read_ueid(r, &p->instance);
    case P_CLIENT: at_claim(r, ASSAY_CCA_HAS_CLIENT); return read_client(r);
    case P_LIFECYCLE: at_claim(r, ASSAY_CCA_HAS_LIFECYCLE); return read_lifecycle(r, p);
    case P_COMPONENTS: at_claim(r, ASSAY_CCA_HAS_COMPONENTS); return read_components(r, p);
    case P_HASH: at_claim(r, ASSAY_CCA_HAS_HASH); return read_hash_name(r, &p->hash);
    case P_CONFIG:
        at_claim(r, ASSAY_CCA_HAS_CONFIG);
        return assay_cbor_bytes(&r->in, CONFIG_MAX, &p->config);
    case P_SERVICE: r->field = "verification service (2400)"; return read_text(r, &p->service);
    case P_IMPLEMENTATION:
        at_claim(r, ASSAY_CCA_HAS_IMPLEMENTATION);
        ASSAY_TRY(read_exact(r, ASSAY_CCA_IMPLEMENTATION_LEN, &p->implementation));
        p->offset_implementation = assay_cca_offset_of(r, p->implementation);
        return ASSAY_OK;
    }
    r->field = "a claim of another key";
    return assay_cose_skip(&r->in);
}

static enum assay_status read_rems(struct assay_cca_reader *r, struct assay_cca_realm *realm)
{
    struct assay_cose_array array;
    size_t count = 0;
    realm->offset_rems = r->base + (uint32_t)r->in.pos;
    ASSAY_TRY(assay_cose_array_open(&r->in, &array));
    while (assay_cose_array_more(&array, &r->in)) {
        if (count == ASSAY_CCA_REMS) return ASSAY_E_RANGE;
        ASSAY_TRY(read_hash(r, &realm->rems[count]));
        count += 1;
        ASSAY_ASSERT(count <= ASSAY_CCA_REMS);
    }
    return count == ASSAY_CCA_REMS ? ASSAY_OK : ASSAY_E_RANGE;
}

/* 4.8.9: a number in draft 04, a text in 03. */
static enum assay_status read_mec_policy(struct assay_cca_reader *r)
{
    enum { SHARED = 0, PRIVATE = 1 };
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    uint64_t policy = 0;
    ASSAY_TRY(assay_cbor_peek(&r->in, &type));
    if (type != ASSAY_CBOR_TEXT) return assay_cbor_uint_max(&r->in, PRIVATE, &policy);
    if (assay_cbor_text_expect(&r->in, "shared") == ASSAY_OK) return ASSAY_OK;
    return assay_cbor_text_expect(&r->in, "private") == ASSAY_OK ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status read_realm_claim(struct assay_cca_reader *r, int64_t key,
                                          struct assay_cca_realm *realm)
{
    struct assay_slice instance;
    switch (key) {
    case R_CHALLENGE:
        at_claim(r, ASSAY_CCA_HAS_CHALLENGE);
        return read_exact(r, ASSAY_CCA_CHALLENGE_LEN, &realm->challenge);
    case R_PROFILE: at_claim(r, ASSAY_CCA_HAS_PROFILE); return read_text(r, &realm->profile);
    case R_PERSONALIZATION:
        at_claim(r, ASSAY_CCA_HAS_PERSONALIZATION);
        return read_exact(r, ASSAY_CCA_PERSONALIZATION_LEN, &realm->personalization);
    case R_HASH: at_claim(r, ASSAY_CCA_HAS_HASH); return read_hash_name(r, &realm->hash);
    case R_KEY_HASH: at_claim(r, ASSAY_CCA_HAS_KEY_HASH); return read_text(r, &realm->key_hash);
    case R_KEY:
        at_claim(r, ASSAY_CCA_HAS_KEY);
        return assay_cbor_bytes(&r->in, KEY_MAX, &realm->key);
    case R_RIM:
        at_claim(r, ASSAY_CCA_HAS_RIM);
        ASSAY_TRY(read_hash(r, &realm->rim));
        realm->offset_rim = assay_cca_offset_of(r, realm->rim);
        return ASSAY_OK;
    case R_REMS: at_claim(r, ASSAY_CCA_HAS_REMS); return read_rems(r, realm);
    case R_MEC: at_claim(r, ASSAY_CCA_HAS_MEC); return read_mec_policy(r);
    case R_INSTANCE: at_claim(r, ASSAY_CCA_HAS_INSTANCE); return read_ueid(r, &instance);
    }
    r->field = "a claim of another key";
    return assay_cose_skip(&r->in);
}

enum assay_status assay_cca_read_claims(struct assay_cca_reader *r,
                                        struct assay_cca_platform *platform,
                                        struct assay_cca_realm *realm)
{
    ASSAY_ASSERT((platform == NULL) != (realm == NULL));
    struct assay_cose_map map;
    struct assay_cose_label label;
    r->field = platform != NULL ? "claims of the platform" : "claims of the realm";
    ASSAY_TRY(assay_cose_map_open(&r->in, ASSAY_COSE_PAIRS_MAX, &map));
    while (assay_cose_map_more(&map, &r->in)) {
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
