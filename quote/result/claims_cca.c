/*
 * quote/result/claims_cca.c - claims of an Arm CCA token.
 */
#include "quote/result/claims.h"

#include "base/writer.h"
#include "quote/cca/cca.h"
#include "quote/text.h"

static void put_text(struct assay_claims *out, const char *name, struct assay_slice text)
{
    if (text.len > 0) assay_claims_add_text_n(out, name, text);
    else assay_claims_add_null(out, name);
}

static void put_hex(struct assay_claims *out, const char *name, struct assay_slice bytes)
{
    assay_claims_add_bytes(out, name, bytes.bytes, bytes.len);
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

static void put_part(struct assay_writer *w, const char *text)
{
    assay_writer_put(w, text, assay_text_len(text, SIZE_MAX));
}

/* The binding as it was found, in words: which claim, which hash, which form of the key. */
static void put_binding(struct assay_claims *out, const struct assay_cca_token *t)
{
    enum { CHALLENGE = 10, TEXT_LEN = 256 };
    char text[TEXT_LEN];
    uint8_t digest[ASSAY_DIGEST_MAX];
    struct assay_writer w = assay_writer_over(text, sizeof text);
    struct assay_text number = assay_text_empty(), key_len = assay_text_empty();
    const size_t len = assay_cca_digest(t->realm.binding_hash, t->realm.key, digest);
    const bool bound = assay_slice_equal(t->platform.binding, assay_slice_over(digest, len));
    const bool raw = t->realm.key_form == ASSAY_CCA_KEY_RAW;
    assay_text_add_u64(&number, t->platform.binding_claim);
    assay_text_add_u64(&key_len, t->realm.key.len);
    put_part(&w, "platform claim ");
    put_part(&w, number.text);
    put_part(&w, t->platform.binding_claim == CHALLENGE ? " (challenge) " : " (workload binding) ");
    put_part(&w, bound ? "== " : "!= ");
    put_part(&w, hash_text(t->realm.binding_hash));
    put_part(&w, raw ? "(raw realm public key, claim 44237, " : "(realm public key, claim 44237, ");
    put_part(&w, key_len.text);
    put_part(&w, raw ? "-byte uncompressed point)" : "-byte COSE_Key)");
    assay_claims_add_text_n(out, "binding", assay_slice_over(text, w.len));
}

static void put_components(struct assay_claims *out, const struct assay_cca_platform *p)
{
    assay_claims_open(out, "software_components", ASSAY_CLAIM_LIST);
    for (size_t i = 0; i < p->component_count; i++) {
        const struct assay_cca_component *const c = &p->components[i];
        assay_claims_open(out, NULL, ASSAY_CLAIM_MAP);
        put_text(out, "type", c->type);
        put_text(out, "version", c->version);
        put_hex(out, "measurement", c->measurement);
        put_hex(out, "signer", c->signer);
        put_text(out, "hash", c->hash);
        assay_claims_close(out);
    }
    assay_claims_close(out);
}

static void put_platform(struct assay_claims *out, const struct assay_cca_platform *p)
{
    put_text(out, "platform_profile", p->profile);
    assay_claims_add_text(out, "platform_alg", assay_cose_algorithm_text(p->cose.algorithm));
    put_hex(out, "implementation_id", p->implementation);
    put_hex(out, "instance_id", p->instance);
    put_hex(out, "platform_config", p->config);
    put_text(out, "platform_hash", p->hash);
    put_text(out, "verification_service", p->service);
    assay_claims_add_uint(out, "lifecycle", p->lifecycle);
    put_components(out, p);
}

static void put_realm(struct assay_claims *out, const struct assay_cca_realm *realm)
{
    put_text(out, "realm_profile", realm->profile);
    assay_claims_add_text(out, "realm_alg", assay_cose_algorithm_text(realm->cose.algorithm));
    put_hex(out, "realm_challenge", realm->challenge);
    put_hex(out, "realm_personalization", realm->personalization);
    put_hex(out, "realm_initial_measurement", realm->rim);
    assay_claims_open(out, "realm_extensible_measurements", ASSAY_CLAIM_LIST);
    for (size_t i = 0; i < ASSAY_CCA_REMS; i++)
        put_hex(out, NULL, realm->rems[i]);
    assay_claims_close(out);
    put_text(out, "realm_hash", realm->hash);
    put_hex(out, "realm_public_key", realm->key);
    put_text(out, "realm_public_key_hash", realm->key_hash);
}

enum assay_status assay_claims_of_cca(const struct assay_package *package, struct assay_claims *out)
{
    struct assay_cca_token t;
    ASSAY_TRY(assay_cca_parse(package->main.bytes, package->main.len, &t, NULL));
    put_platform(out, &t.platform);
    put_realm(out, &t.realm);
    put_binding(out, &t);
    return ASSAY_OK;
}
