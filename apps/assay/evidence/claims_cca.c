/*
 * apps/assay/evidence/claims_cca.c - JSON claims of an Arm CCA token.
 */
#include "apps/assay/evidence/claims_kinds.h"

#include "quote/cca/cca.h"

#include <stdio.h>

static void put_text(struct assay_json *out, const char *name, struct assay_slice text)
{
    if (text.len > 0) assay_json_set_text_n(out, name, text.bytes, text.len);
    else assay_json_set_null(out, name);
}

static void put_hex(struct assay_json *out, const char *name, struct assay_slice bytes)
{
    assay_json_set_hex(out, name, bytes.bytes, bytes.len);
}

static const char *hash_text(enum assay_cca_hash hash)
{
    switch (hash) {
    case ASSAY_CCA_HASH_NONE: return "?";
    case ASSAY_CCA_SHA256: return "sha256";
    case ASSAY_CCA_SHA384: return "sha384";
    case ASSAY_CCA_SHA512: return "sha512";
    }
    return "?";
}

/* The binding as it was found, in words: which claim, which hash, which form of the key. */
static void put_binding(struct assay_json *out, const struct assay_cca_token *t)
{
    enum { CHALLENGE = 10, TEXT_LEN = 160 };
    char form[TEXT_LEN];
    char text[2 * TEXT_LEN];
    uint8_t digest[ASSAY_DIGEST_MAX];
    const size_t len = assay_cca_digest(t->realm.binding_hash, t->realm.key, digest);
    const bool bound = assay_slice_equal(t->platform.binding, assay_slice_over(digest, len));
    const bool raw = t->realm.key_form == ASSAY_CCA_KEY_RAW;
    (void)snprintf(form, sizeof form, "%s(%srealm public key, claim 44237, %zu-byte %s)",
                   hash_text(t->realm.binding_hash), raw ? "raw " : "", t->realm.key.len,
                   raw ? "uncompressed point" : "COSE_Key");
    (void)snprintf(text, sizeof text, "platform claim %u (%s) %s %s",
                   (unsigned)t->platform.binding_claim,
                   t->platform.binding_claim == CHALLENGE ? "challenge" : "workload binding",
                   bound ? "==" : "!=", form);
    assay_json_set_text(out, "binding", text);
}

static void put_components(struct assay_json *out, const struct assay_cca_platform *p)
{
    struct assay_json *const components = assay_json_array();
    for (size_t i = 0; i < p->component_count; i++) {
        const struct assay_cca_component *const c = &p->components[i];
        struct assay_json *const item = assay_json_append_object(components);
        put_text(item, "type", c->type);
        put_text(item, "version", c->version);
        put_hex(item, "measurement", c->measurement);
        put_hex(item, "signer", c->signer);
        put_text(item, "hash", c->hash);
    }
    assay_json_set(out, "software_components", components);
}

static void put_platform(struct assay_json *out, const struct assay_cca_platform *p)
{
    put_text(out, "platform_profile", p->profile);
    assay_json_set_text(out, "platform_alg", assay_cose_algorithm_text(p->cose.algorithm));
    put_hex(out, "implementation_id", p->implementation);
    put_hex(out, "instance_id", p->instance);
    put_hex(out, "platform_config", p->config);
    put_text(out, "platform_hash", p->hash);
    put_text(out, "verification_service", p->service);
    assay_json_set_uint(out, "lifecycle", p->lifecycle);
    put_components(out, p);
}

static void put_realm(struct assay_json *out, const struct assay_cca_realm *realm)
{
    put_text(out, "realm_profile", realm->profile);
    assay_json_set_text(out, "realm_alg", assay_cose_algorithm_text(realm->cose.algorithm));
    put_hex(out, "realm_challenge", realm->challenge);
    put_hex(out, "realm_personalization", realm->personalization);
    put_hex(out, "realm_initial_measurement", realm->rim);
    struct assay_json *const rems = assay_json_array();
    for (size_t i = 0; i < ASSAY_CCA_REMS; i++) {
        char text[2 * ASSAY_MEASUREMENT_MAX + 1];
        assay_hex_encode(realm->rems[i].bytes, realm->rems[i].len, text, sizeof text);
        assay_json_append_text(rems, text);
    }
    assay_json_set(out, "realm_extensible_measurements", rems);
    put_text(out, "realm_hash", realm->hash);
    put_hex(out, "realm_public_key", realm->key);
    put_text(out, "realm_public_key_hash", realm->key_hash);
}

enum assay_status cli_claims_cca(const struct assay_package *package, struct assay_json *out)
{
    struct assay_cca_token t;
    ASSAY_TRY(assay_cca_parse(package->main.bytes, package->main.len, &t, NULL));
    put_platform(out, &t.platform);
    put_realm(out, &t.realm);
    put_binding(out, &t);
    return ASSAY_OK;
}
