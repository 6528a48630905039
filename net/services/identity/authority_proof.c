/*
 * net/services/identity/authority_proof.c - proof of a certificate authority: encoding, decoding,
 * verification (docs/identity.md 12).
 */
#include "net/services/identity/authority_proof.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "base/crypto.h"
#include "quote/result/svid/svid.h"

#include <stdlib.h>
#include <string.h>

static const char tag[] = "assay/ca-proof/v1";

enum { ITEMS = 5 };

const char *assay_keyholder_authority_text(enum assay_authority_answer answer)
{
    switch (answer) {
    case ASSAY_AUTHORITY_PROVEN: return "proven";
    case ASSAY_AUTHORITY_NOT_PROVEN: return "no state of this network is proven";
    case ASSAY_AUTHORITY_NONE:
        return "the network has no certificate authority: its state names no document of one";
    case ASSAY_AUTHORITY_OTHER_DOCUMENT:
        return "the document of the key is not the one whose digest the proven state has";
    case ASSAY_AUTHORITY_NOT_READ:
        return "the document of the key has a form that this program cannot read: use a newer one";
    case ASSAY_AUTHORITY_OTHER_PLAN:
        return "trust domain, issuer and validity are not those that the document of the key names";
    case ASSAY_AUTHORITY_NO_KEY: return "the network has made no group key yet";
    case ASSAY_AUTHORITY_KEY_LOST: return "the group key of the network is lost";
    case ASSAY_AUTHORITY_OTHER_CERTIFICATE: return "a CA certificate is not of a proven key";
    }
    return "unknown";
}

/* --- encoding */

enum assay_status assay_keyholder_authority_plan_encode(const struct assay_registry_plan *plan,
                                                        struct assay_writer *w)
{
    struct assay_registry_plan *const alone = calloc(1, sizeof *alone);
    if (alone == NULL) return ASSAY_E_MEMORY;
    ASSAY_ASSERT(plan->has_identity);
    alone->has_identity = true;
    alone->identity = plan->identity;
    const enum assay_status status = assay_registry_plan_encode(alone, w);
    free(alone);
    return status;
}

enum assay_status assay_keyholder_authority_encode(const struct assay_authority_proof *proof,
                                                   struct assay_writer *w)
{
    struct assay_slice all;
    ASSAY_ASSERT(proof->certificate_count <= ASSAY_AUTHORITY_CERTIFICATES_MAX);
    assay_cbor_put_array(w, ITEMS);
    assay_cbor_put_text(w, tag);
    assay_cbor_put_bytes(w, proof->proof.bytes, proof->proof.len);
    assay_cbor_put_bytes(w, proof->identity.bytes, proof->identity.len);
    assay_cbor_put_bytes(w, proof->plan.bytes, proof->plan.len);
    assay_cbor_put_array(w, proof->certificate_count);
    for (uint32_t i = 0; i < proof->certificate_count; i++)
        assay_cbor_put_bytes(w, proof->certificate[i].bytes, proof->certificate[i].len);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_keyholder_authority_decode(struct assay_slice bytes,
                                                   struct assay_authority_proof *proof)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_authority_proof read = { .certificate_count = 0 };
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(&in, tag));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_PROOF_LEN_MAX, &read.proof));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_CA_DOCUMENT_LEN_MAX, &read.identity));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_PLAN_LEN_MAX, &read.plan));
    ASSAY_TRY(assay_cbor_array(&in, ASSAY_AUTHORITY_CERTIFICATES_MAX, &count));
    read.certificate_count = (uint32_t)count;
    for (uint32_t i = 0; i < read.certificate_count; i++)
        ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_CREDENTIAL_CERTIFICATE_MAX, &read.certificate[i]));
    if (assay_cursor_left(&in) > 0) return ASSAY_E_TRAILING;
    *proof = read;
    return ASSAY_OK;
}

/* --- verification */

static struct assay_slice text_of(const char *text)
{
    return assay_slice_over(text, strlen(text));
}

/* identity/0 is the first of the documents of the group key, which are the last ones of a plan
 * (services/registry/registry.h). */
static enum assay_authority_answer check_document(const struct assay_proven_state *network,
                                                  struct assay_slice identity)
{
    uint8_t digest[32];
    if (network->service_count < ASSAY_CA_DOCUMENTS) return ASSAY_AUTHORITY_NONE;
    assay_sha256(identity.bytes, identity.len, digest);
    return assay_bytes_equal(digest, network->services[network->service_count - ASSAY_CA_DOCUMENTS],
                             sizeof digest)
               ? ASSAY_AUTHORITY_PROVEN
               : ASSAY_AUTHORITY_OTHER_DOCUMENT;
}

static enum assay_authority_answer read_plan(struct assay_slice bytes,
                                             struct assay_authority_proven *p)
{
    uint8_t terms[32];
    if (assay_registry_plan_decode(bytes, &p->plan) != ASSAY_OK || !p->plan.has_identity)
        return ASSAY_AUTHORITY_OTHER_PLAN;
    assay_registry_plan_identity_digest(&p->plan, terms);
    return assay_bytes_equal(terms, p->ca.terms, sizeof terms) ? ASSAY_AUTHORITY_PROVEN
                                                               : ASSAY_AUTHORITY_OTHER_PLAN;
}

/* The CA numbers that the document publishes. */
static void set_numbers(struct assay_authority_proven *p)
{
    struct assay_ca_published published[ASSAY_CA_PUBLISHED_MAX];
    p->count = assay_ca_published(&p->ca, published);
    p->changed = p->ca.changed;
    p->since = p->ca.since;
    p->generation = p->ca.force.generation;
    for (uint32_t i = 0; i < p->count; i++) {
        struct assay_authority_number *const n = &p->number[i];
        *n = (struct assay_authority_number){
            .state = published[i].state,
            .since = published[i].since,
            .ca = { .trust_domain = text_of(p->plan.identity.trust_domain),
                    .issuer = text_of(p->plan.identity.issuer),
                    .number = published[i].number,
                    .validity_s = p->plan.identity.validity_s,
                    .insecure = p->plan.identity.insecure },
        };
        assay_bytes_copy(n->ca.chain_id, 32, p->network.next.chain_id, 32);
        assay_bytes_copy(n->ca.public_key, 32, published[i].key, 32);
    }
}

/* Returns: what is wrong, NULL: nothing. */
static const char *compare_certificate(const struct assay_x509_svid *c,
                                       const struct assay_credential_ca *ca)
{
    if (c->number != ca->number) return "its CA number is another one";
    if (!assay_bytes_equal(c->chain, ca->chain_id, sizeof c->chain)) return "of another network";
    if (!assay_slice_equal(c->domain, ca->trust_domain)) return "of another trust domain";
    return c->is_insecure == ca->insecure ? NULL : "its mark INSECURE is not that of the plan";
}

static struct assay_authority_number *find_number(struct assay_authority_proven *p,
                                                  const uint8_t key[static 32])
{
    for (uint32_t i = 0; i < p->count; i++)
        if (assay_bytes_equal(p->number[i].ca.public_key, key, 32)) return &p->number[i];
    return NULL;
}

/* Of a key that is published, by the key of a number before it that is published, too. Returns:
 * what is wrong, NULL: nothing */
static const char *place_cross(struct assay_authority_proven *p, struct assay_slice der,
                               const struct assay_x509_svid *c)
{
    const struct assay_authority_number *signer = NULL;
    struct assay_authority_number *const number = find_number(p, c->public_key);
    if (number == NULL) return "its key is another one";
    for (uint32_t i = 0; i < p->count; i++)
        if (p->number[i].ca.number == c->issuer_number) signer = &p->number[i];
    if (signer == NULL || signer->ca.number >= number->ca.number)
        return "the number that signed it is not published before it";
    if (!assay_ed25519_verify(signer->ca.public_key, c->tbs.bytes, c->tbs.len, c->signature))
        return "not signed by the key of the number that it names";
    number->cross = der;
    return compare_certificate(c, &number->ca);
}

/* A certificate is signed by its own key: that the key is a proven one is compared here. */
static enum assay_status place_certificate(struct assay_authority_proven *p, struct assay_slice der,
                                           struct assay_svid *svid)
{
    struct assay_x509_svid read;
    if (assay_x509_svid(der, ASSAY_SVID_CA, &read, &p->why) == ASSAY_OK &&
        !assay_slice_equal(read.issuer, read.subject)) {
        p->why = place_cross(p, der, &read);
        return p->why == NULL ? ASSAY_OK : ASSAY_E_INVALID;
    }
    const enum assay_status status = assay_svid_load_cas(der, svid);
    if (status == ASSAY_E_MEMORY || status == ASSAY_E_CRYPTO) return status;
    p->why = "not a CA certificate of a network, signed by itself";
    if (status != ASSAY_OK || svid->ca_count != 1 || svid->ca[0].der_len != der.len)
        return ASSAY_E_INVALID;
    const struct assay_x509_svid *const c = &svid->ca[0].certificate;
    struct assay_authority_number *const number = find_number(p, c->public_key);
    p->why = number != NULL ? compare_certificate(c, &number->ca) : "its key is another one";
    if (p->why != NULL) return ASSAY_E_INVALID;
    number->certificate = der;
    number->not_before_s = c->not_before_s;
    number->not_after_s = c->not_after_s;
    return ASSAY_OK;
}

static enum assay_status place_certificates(struct assay_authority_proven *p,
                                            const struct assay_authority_proof *proof)
{
    struct assay_svid *const svid = calloc(1, sizeof *svid);
    enum assay_status status = svid != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    for (uint32_t i = 0; i < proof->certificate_count && status == ASSAY_OK; i++)
        status = place_certificate(p, proof->certificate[i], svid);
    free(svid);
    return status;
}

static enum assay_authority_answer read_documents(const struct assay_authority_proof *proof,
                                                  struct assay_authority_proven *p)
{
    const enum assay_authority_answer named = check_document(&p->network, proof->identity);
    if (named != ASSAY_AUTHORITY_PROVEN) return named;
    if (assay_ca_document_decode(&p->ca, 0, proof->identity) != ASSAY_OK)
        return ASSAY_AUTHORITY_NOT_READ;
    const enum assay_authority_answer planned = read_plan(proof->plan, p);
    if (planned != ASSAY_AUTHORITY_PROVEN) return planned;
    if (p->ca.key_lost) return ASSAY_AUTHORITY_KEY_LOST;
    return p->ca.ca_number > 0 ? ASSAY_AUTHORITY_PROVEN : ASSAY_AUTHORITY_NO_KEY;
}

enum assay_status assay_keyholder_authority_verify(const struct assay_authority_proof *proof,
                                                   const struct assay_checkpoint *checkpoint,
                                                   struct assay_authority_proven *proven)
{
    struct assay_authority_proven *const p = proven;
    const struct assay_ca_config config = { .refresh = ASSAY_CA_REFRESH,
                                            .next_epochs = ASSAY_CA_OVERLAP,
                                            .old_epochs = ASSAY_CA_OVERLAP };
    p->answer = ASSAY_AUTHORITY_NOT_PROVEN;
    p->why = NULL;
    p->count = 0;
    ASSAY_TRY(assay_proof_verify(proof->proof, checkpoint, &p->state, &p->network));
    if (p->state != ASSAY_PROVEN) return ASSAY_OK;
    assay_ca_init(&p->ca, p->network.next.chain_id, &config);
    p->answer = read_documents(proof, p);
    if (p->answer != ASSAY_AUTHORITY_PROVEN) return ASSAY_OK;
    set_numbers(p);
    const enum assay_status status = place_certificates(p, proof);
    if (status == ASSAY_E_INVALID) p->answer = ASSAY_AUTHORITY_OTHER_CERTIFICATE;
    return status == ASSAY_E_INVALID ? ASSAY_OK : status;
}

void assay_keyholder_authority_expire(struct assay_authority_proven *proven, int64_t now_unix_s)
{
    ASSAY_ASSERT(proven->answer == ASSAY_AUTHORITY_PROVEN);
    for (uint32_t i = 0; i < proven->count; i++)
        if (proven->number[i].not_after_s <= now_unix_s)
            proven->number[i].certificate = (struct assay_slice){ NULL, 0 };
}

void assay_keyholder_authority_add(struct assay_authority_proven *proven,
                                   struct assay_slice certificate)
{
    struct assay_x509_svid read;
    const char *why = NULL;
    ASSAY_ASSERT(proven->answer == ASSAY_AUTHORITY_PROVEN);
    if (assay_x509_svid(certificate, ASSAY_SVID_CA, &read, &why) != ASSAY_OK) return;
    struct assay_authority_number *const number = find_number(proven, read.public_key);
    const bool is_cross = !assay_slice_equal(read.issuer, read.subject);
    if (number == NULL || (is_cross ? number->cross : number->certificate).len > 0) return;
    const struct assay_authority_number before = *number;
    struct assay_svid *const svid = calloc(1, sizeof *svid);
    const bool is_added = svid != NULL && place_certificate(proven, certificate, svid) == ASSAY_OK;
    free(svid);
    if (!is_added) *number = before;
    proven->why = NULL;
}
