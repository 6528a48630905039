/*
 * net/runtime/services/document_authority.c - documents about the network as a certificate
 * authority (docs/identity.md 3.19, 5.7):
 *
 *   authority | jwks | bundle | openid | ca-proof
 *
 * All is derived from the fold of the group key as this node has it, and from the plan. The
 * certificate of the key is signed by holders: it comes from the holder's process of this node.
 * `ca-proof` is of the epoch that closed last, for relying parties that trust no node (12).
 */
#include "base/crypto.h"
#include "engine/evidence/prove.h"
#include "net/documents/document_services.h"
#include "net/json/json.h"
#include "net/runtime/runtime_internal.h"
#include "net/services/identity/authority_proof.h"
#include "quote/x509.h"
#include "services/identity/product.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENT_MAX = 16384, OTHERS = ASSAY_CA_PUBLISHED_MAX - 1 };

struct authority {
    const struct assay_ca *ca;
    const struct assay_registry_plan *plan;
    uint32_t count; /* of numbers that are published */
    struct assay_ca_published published[ASSAY_CA_PUBLISHED_MAX];
    struct assay_credential_ca credential[ASSAY_CA_PUBLISHED_MAX];
};

static struct assay_slice text_of(const char *text)
{
    return assay_slice_over(text, strlen(text));
}

/* Returns: whether *of is there. Out: *refusal: else why not; NULL: no memory. */
static bool open_authority(struct assay_runtime *runtime, bool needs_key, struct authority *of,
                           char **refusal)
{
    const struct assay_registry *const r = runtime_services_registry(runtime);
    *refusal = NULL;
    *of = (struct authority){ .ca = r != NULL ? assay_registry_identity(r) : NULL };
    if (r == NULL && runtime->config.services != NULL) {
        *refusal = document_error(runtime, "not_ready",
                                  "this node does not have the documents of services yet");
        return false;
    }
    if (of->ca == NULL) {
        *refusal = document_error(runtime, "not_found",
                                  "this network has no certificate authority: its plan has no "
                                  "section services.identity");
        return false;
    }
    of->plan = assay_registry_get_plan(r);
    of->count = assay_ca_published(of->ca, of->published);
    if (needs_key && of->count == 0) {
        *refusal = document_error(runtime, "ca_none", "no group key is published: see /v1/ca");
        return false;
    }
    for (uint32_t i = 0; i < of->count; i++) {
        of->credential[i] = (struct assay_credential_ca){
            .trust_domain = text_of(of->plan->identity.trust_domain),
            .issuer = text_of(of->plan->identity.issuer),
            .number = of->published[i].number,
            .validity_s = of->plan->identity.validity_s,
            .insecure = of->plan->identity.insecure,
        };
        assay_bytes_copy(of->credential[i].chain_id, 32, of->ca->chain_id, 32);
        assay_bytes_copy(of->credential[i].public_key, 32, of->published[i].key, 32);
    }
    return true;
}

static char *finish_object(struct assay_runtime *runtime, const char *schema, const char *field,
                           struct assay_slice text)
{
    struct assay_json *object = NULL;
    const enum assay_status status = assay_json_parse((const char *)text.bytes, text.len, &object);
    ASSAY_ASSERT(status == ASSAY_OK); /* it was written here */
    struct assay_json *const data = assay_json_object();
    assay_json_set(data, field, object);
    return document_finish(runtime, schema, data);
}

/* ------------------------------------------------------------ the certificate of the key */

/* As the writer of certificates makes it (services/identity/certificate.c): a SEQUENCE with a
 * length of two bytes, of the text, the algorithm and the signature. */
static bool is_signed(struct assay_slice der, const uint8_t key[static 32])
{
    enum { HEAD = 4, ALGORITHM = 7, SIGNATURE = 3 + 64 };
    if (der.len <= HEAD + HEAD + ALGORITHM + SIGNATURE || der.bytes[1] != 0x82) return false;
    const size_t len = der.len - HEAD - ALGORITHM - SIGNATURE;
    return assay_ed25519_verify(key, der.bytes + HEAD, len, der.bytes + der.len - 64);
}

/* Out: *number: what this node has of it; the place of another that is not published any more, when
 * there is none. Returns: NULL: no place (there is one for each that is published) */
static struct runtime_authority *find_kept(struct assay_runtime *runtime, const struct assay_ca *ca,
                                           uint32_t number)
{
    struct runtime_authority *free_place = NULL;
    for (uint32_t i = 0; i < OTHERS; i++) {
        struct runtime_authority *const kept = &runtime->other_authority[i];
        if (kept->len > 0 && kept->number == number) return kept;
        if (kept->len == 0 || assay_ca_state_of(ca, kept->number) == ASSAY_CA_GONE)
            free_place = kept;
    }
    if (free_place != NULL) free_place->len = 0;
    return free_place;
}

/* Another number is active: its certificate is here already, if it was published as the next. */
static void rotate_kept(struct assay_runtime *runtime, const struct assay_ca *ca)
{
    struct runtime_authority *const active = &runtime->authority;
    if (active->number == ca->ca_number) return;
    struct runtime_authority *const other = find_kept(runtime, ca, ca->ca_number);
    const struct runtime_authority was = *active;
    *active = other != NULL ? *other : (struct runtime_authority){ .len = 0 };
    if (other != NULL) *other = was;
}

/* In: back: "" of the one that its own key signs, "-cross"; key: of the signer */
static void poll_certificate(struct assay_runtime *runtime, struct runtime_authority *kept,
                             const struct assay_ca_published *of, const char *back,
                             const uint8_t key[static 32])
{
    const struct assay_issuance *issue = NULL;
    struct assay_issuance_name name = { .product = ASSAY_SERVICE_AUTHORITY };
    (void)snprintf(name.name, sizeof name.name, "ca-%u%s", (unsigned)of->number, back);
    assay_bytes_copy(name.node_id, 32, runtime->snapshot.members[runtime->self].ledger.node_id, 32);
    if (runtime_services_issue(runtime, &name, true, &issue) != ASSAY_OK ||
        issue->outcome != ASSAY_SERVICE_OUTCOME_DONE ||
        !is_signed(assay_slice_over(issue->bytes, issue->len), key))
        return;
    assay_bytes_copy(kept->der, sizeof kept->der, issue->bytes, issue->len);
    kept->len = issue->len;
    kept->since = of->since;
    kept->number = of->number;
}

static void poll_number(struct assay_runtime *runtime, struct runtime_authority *kept,
                        const struct assay_ca_published *of)
{
    if (kept->len > 0 && kept->number == of->number && (of->since == 0 || kept->since == of->since))
        return;
    poll_certificate(runtime, kept, of, "", of->key);
}

/* Of the active number; the one before signed it when it was the next one. In: all: ascending */
static void poll_cross(struct assay_runtime *runtime, const struct assay_ca_published *all,
                       uint32_t count)
{
    struct runtime_authority *const kept = &runtime->cross;
    uint32_t active = 0;
    while (active < count && all[active].state != ASSAY_CA_ACTIVE)
        active++;
    if (active == 0 || active == count) kept->len = 0; /* no number before it, or none is active */
    else if (kept->len == 0 || kept->number != all[active].number) {
        kept->len = 0;
        poll_certificate(runtime, kept, &all[active], "-cross", all[active - 1].key);
    }
}

struct assay_slice runtime_authority_cross(struct assay_runtime *runtime)
{
    runtime_authority_poll(runtime);
    return assay_slice_over(runtime->cross.der, runtime->cross.len);
}

void runtime_authority_poll(struct assay_runtime *runtime)
{
    const struct assay_registry *const r = runtime_services_registry(runtime);
    const struct assay_ca *const ca = r != NULL ? assay_registry_identity(r) : NULL;
    struct assay_ca_published published[ASSAY_CA_PUBLISHED_MAX];
    if (ca == NULL || runtime->self == ASSAY_SLOT_ALL) return;
    const uint32_t count = assay_ca_published(ca, published);
    rotate_kept(runtime, ca);
    for (uint32_t i = 0; i < count; i++) {
        struct runtime_authority *const kept = published[i].state == ASSAY_CA_ACTIVE
                                                   ? &runtime->authority
                                                   : find_kept(runtime, ca, published[i].number);
        if (kept != NULL) poll_number(runtime, kept, &published[i]);
    }
    poll_cross(runtime, published, count);
}

/* Returns: whether the node has it, or there is none to wait for; else *refusal as of
 * open_authority. An older certificate of the same key serves until the newer one is here. */
static bool has_certificate(struct assay_runtime *runtime, const struct assay_ca *ca,
                            char **refusal)
{
    const struct runtime_authority *const kept = &runtime->authority;
    runtime_authority_poll(runtime);
    if (ca->ca_number == 0 || (kept->len > 0 && kept->number == ca->ca_number)) return true;
    *refusal =
        document_error(runtime, "ca_none",
                       "this node has not received the certificate of the key: its holder's "
                       "process (assay-signer) has it. Request another node, start that process, "
                       "or retry in a second");
    return false;
}

/* Returns: its certificate; NULL: it is not here */
static const struct runtime_authority *kept_of(struct assay_runtime *runtime,
                                               const struct assay_ca *ca,
                                               const struct assay_ca_published *published)
{
    const struct runtime_authority *const kept = published->state == ASSAY_CA_ACTIVE
                                                     ? &runtime->authority
                                                     : find_kept(runtime, ca, published->number);
    return kept != NULL && kept->len > 0 && kept->number == published->number ? kept : NULL;
}

/* Numbers whose certificate is here, at the front of *of. Out: sequence: rises with each change of
 * what is in the bundle. Returns: how many */
static uint32_t collect_certificates(struct assay_runtime *runtime, struct authority *of,
                                     struct assay_slice der[static ASSAY_CA_PUBLISHED_MAX],
                                     uint64_t *sequence)
{
    uint32_t count = 0;
    *sequence = of->ca->changed;
    for (uint32_t i = 0; i < of->count; i++) {
        const struct runtime_authority *const kept = kept_of(runtime, of->ca, &of->published[i]);
        if (kept == NULL) continue;
        if (kept->since > *sequence) *sequence = kept->since;
        of->credential[count] = of->credential[i];
        der[count++] = assay_slice_over(kept->der, kept->len);
    }
    return count;
}

static char *document_bundle(struct assay_runtime *runtime)
{
    static uint8_t bytes[DOCUMENT_MAX];
    struct authority of;
    struct assay_slice der[ASSAY_CA_PUBLISHED_MAX], text;
    uint64_t sequence;
    char *refusal;
    if (!open_authority(runtime, true, &of, &refusal) || !has_certificate(runtime, of.ca, &refusal))
        return refusal;
    const uint32_t count = collect_certificates(runtime, &of, der, &sequence);
    if (count == 0)
        return document_error(runtime, "ca_none", "this node has no certificate of a key yet");
    const enum assay_status status =
        assay_credential_bundle(of.credential, der, count, sequence, bytes, sizeof bytes, &text);
    ASSAY_ASSERT(status == ASSAY_OK);
    return finish_object(runtime, "assay.bundle", "bundle", text);
}

/* ------------------------------------------------------------ keys of tokens */

static char *document_jwks(struct assay_runtime *runtime)
{
    static uint8_t bytes[DOCUMENT_MAX];
    struct authority of;
    struct assay_slice text;
    char *refusal;
    if (!open_authority(runtime, true, &of, &refusal)) return refusal;
    const enum assay_status status =
        assay_credential_jwks(of.credential, of.count, bytes, sizeof bytes, &text);
    ASSAY_ASSERT(status == ASSAY_OK);
    return finish_object(runtime, "assay.jwks", "jwks", text);
}

/* OpenID Connect Discovery 1.0, 3; EdDSA is the only algorithm, so no conformance is claimed. */
static char *document_openid(struct assay_runtime *runtime)
{
    char uri[ASSAY_CREDENTIAL_ISSUER_MAX + 32];
    struct authority of;
    char *refusal;
    if (!open_authority(runtime, false, &of, &refusal)) return refusal;
    (void)snprintf(uri, sizeof uri, "%s/.well-known/jwks.json", of.plan->identity.issuer);
    struct assay_json *const data = assay_json_object();
    struct assay_json *const openid = assay_json_set_object(data, "openid");
    assay_json_set_text(openid, "issuer", of.plan->identity.issuer);
    assay_json_set_text(openid, "jwks_uri", uri);
    assay_json_append_text(assay_json_set_array(openid, "id_token_signing_alg_values_supported"),
                           "EdDSA");
    assay_json_append_text(assay_json_set_array(openid, "response_types_supported"), "id_token");
    assay_json_append_text(assay_json_set_array(openid, "subject_types_supported"), "public");
    return document_finish(runtime, "assay.openid", data);
}

/* ------------------------------------------------------------ all of it */

/* Of an operator or a vendor root: what its holders could do together (docs/identity.md 3.3). */
static void append_group(struct assay_runtime *runtime, struct assay_json *list,
                         const struct assay_ca_sharing *s, uint32_t first, bool vendor)
{
    const struct assay_snapshot *const snapshot = runtime_snapshot(runtime);
    const struct assay_member_snapshot *const one =
        &snapshot->members[s->holder[first].slot].ledger;
    const uint8_t *const id = vendor ? one->vendor_root : one->operator_id;
    const uint32_t h = s->count - s->threshold + 1;
    uint32_t indices = 0;
    for (uint32_t i = 0; i < s->holders; i++) {
        const struct assay_member_snapshot *const m = &snapshot->members[s->holder[i].slot].ledger;
        if (!assay_bytes_equal(vendor ? m->vendor_root : m->operator_id, id, 32)) continue;
        if (i < first) return; /* it was counted with that one */
        indices += s->holder[i].indices;
    }
    if (indices < h) return;
    struct assay_json *const group = assay_json_append_object(list);
    assay_json_set_text(group, "group", vendor ? "vendor" : "operator");
    assay_json_set_hex(group, "id", id, 32);
    if (!vendor && one->operator_name.len > 0)
        assay_json_set_text_n(group, "name", one->operator_name.bytes, one->operator_name.len);
    assay_json_set_uint(group, "indices", indices);
    assay_json_set_bool(group, "signs_alone", indices >= s->threshold);
}

/* Groups with h indices or more: without them nothing is signed; with t they sign alone. */
static void set_groups(struct assay_runtime *runtime, struct assay_json *data,
                       const struct assay_ca_sharing *s)
{
    struct assay_json *const list = assay_json_set_array(data, "groups");
    for (uint32_t i = 0; i < s->holders; i++)
        if (s->holder[i].slot >= runtime_snapshot(runtime)->member_count) return;
    for (unsigned vendor = 0; vendor < 2; vendor++)
        for (uint32_t i = 0; i < s->holders; i++)
            append_group(runtime, list, s, i, vendor == 1);
}

/* The certificate of the key, if this node has it. */
static void set_certificate(struct assay_runtime *runtime, struct assay_json *data,
                            const struct assay_ca *ca)
{
    const struct runtime_authority *const kept = &runtime->authority;
    struct assay_x509_svid read;
    const char *why = NULL;
    uint8_t digest[32];
    assay_json_set_null(data, "certificate");
    runtime_authority_poll(runtime);
    const struct assay_slice der = assay_slice_over(kept->der, kept->len);
    if (der.len == 0 || kept->number != ca->ca_number ||
        assay_x509_svid(der, ASSAY_SVID_CA, &read, &why) != ASSAY_OK)
        return;
    struct assay_json *const object = assay_json_set_object(data, "certificate");
    assay_sha256(der.bytes, der.len, digest);
    assay_json_set_hex(object, "sha256", digest, sizeof digest);
    assay_json_set_uint(object, "not_before_ms", (uint64_t)read.not_before_s * 1000);
    assay_json_set_uint(object, "not_after_ms", (uint64_t)read.not_after_s * 1000);
}

static void append_holder(struct assay_runtime *runtime, struct assay_json *list,
                          const struct assay_ca_holder *holder,
                          const struct assay_summary_holder *summary)
{
    char name[ASSAY_NAME_MAX + 1];
    struct assay_json *const object = assay_json_append_object(list);
    assay_json_set_text(object, "node",
                        runtime_slot_name(runtime, (uint16_t)holder->slot, name, sizeof name));
    assay_json_set_hex(object, "node_id", holder->node_id, 32);
    assay_json_set_uint(object, "first_index", holder->first);
    assay_json_set_uint(object, "indices", summary->indices);
    assay_json_set_uint(object, "live", summary->live);
    assay_json_set_bool(object, "lost", summary->lost);
}

/* A ceremony of a new key gives it indices once its keys are active (docs/identity.md 3.4). */
static bool may_hold(const struct assay_ca *ca, uint32_t slot)
{
    const struct assay_ca_member *const m = &ca->member[slot];
    return m->may_hold && m->is_full && m->weight > 0 && ca->lost_until[slot] <= ca->epoch &&
           !assay_ca_is_convicted(ca, m->node_id);
}

static void append_awaited(struct assay_runtime *runtime, struct assay_json *list, uint32_t slot)
{
    char name[ASSAY_NAME_MAX + 1];
    struct assay_json *const object = assay_json_append_object(list);
    assay_json_set_text(object, "node",
                        runtime_slot_name(runtime, (uint16_t)slot, name, sizeof name));
    assay_json_set_hex(object, "node_id", runtime_snapshot(runtime)->members[slot].ledger.node_id,
                       32);
}

/* Before the first key: members that may hold shares of it, and those of them that it waits for.
 * Without a ceremony they have no active key; in one they have not offered. */
static void set_awaited(struct assay_runtime *runtime, struct assay_json *data,
                        struct assay_json *ceremony, const struct assay_ca *ca)
{
    const struct assay_ca_ceremony *const c = &ca->ceremony;
    const bool runs = c->phase != ASSAY_CA_IDLE;
    struct assay_json *const awaited = assay_json_set_array(data, "awaited");
    uint32_t fit = 0, ready = 0;
    for (uint32_t i = 0; i < ca->slots && i < runtime_snapshot(runtime)->member_count; i++) {
        if (!may_hold(ca, i)) continue;
        const bool is_ready =
            runs ? assay_ca_holder_of_node(&c->next, ca->member[i].node_id) != UINT32_MAX
                 : ca->member[i].keys_active;
        fit++;
        ready += is_ready;
        if (ca->ca_number == 0 && !is_ready) append_awaited(runtime, awaited, i);
    }
    assay_json_set_uint(ceremony, "may_hold", fit);
    assay_json_set_uint(ceremony, "ready", ready);
}

/* What this member holds, and whether the process is there without which that signs nothing. */
static void set_own(struct assay_runtime *runtime, struct assay_json *data,
                    const struct assay_ca *ca)
{
    const struct assay_ca_sharing *const s = &ca->force;
    const uint32_t at =
        runtime->self == ASSAY_SLOT_ALL
            ? UINT32_MAX
            : assay_ca_holder_of_node(s, runtime->snapshot.members[runtime->self].ledger.node_id);
    const bool holds = at != UINT32_MAX && !s->holder[at].lost;
    assay_json_set_uint(data, "own_indices", holds ? s->holder[at].indices : 0);
    assay_json_set_bool(data, "own_may_hold",
                        runtime->self < ca->slots && may_hold(ca, runtime->self));
    assay_json_set_bool(data, "signer_connected", runtime_services_has_signer(runtime));
}

static void set_sharing(struct assay_runtime *runtime, struct assay_json *data,
                        const struct assay_ca *ca)
{
    static struct assay_summary_identity summary; /* large */
    struct assay_json *const list = assay_json_array();
    assay_summary_set_identity(&summary, ca);
    for (uint32_t i = 0; i < ca->force.holders; i++)
        append_holder(runtime, list, &ca->force.holder[i], &summary.holder[i]);
    assay_json_set_text(data, "state", assay_document_key_state(summary.state));
    assay_json_set_uint(data, "generation", ca->force.generation);
    assay_json_set_uint(data, "since_epoch", ca->since);
    assay_json_set_uint(data, "threshold", ca->force.threshold);
    assay_json_set_uint(data, "indices", ca->force.count);
    assay_json_set_uint(data, "blocking",
                        ca->force.count > 0 ? ca->force.count - ca->force.threshold + 1 : 0);
    assay_json_set_uint(data, "live", summary.live);
    assay_json_set_uint(data, "few_epochs", ca->few_closes);
    assay_json_set(data, "holders", list);
    set_own(runtime, data, ca);
    set_groups(runtime, data, &ca->force);
}

static const char *number_state(enum assay_ca_state state)
{
    switch (state) {
    case ASSAY_CA_GONE: return "gone";
    case ASSAY_CA_NEXT: return "next";
    case ASSAY_CA_ACTIVE: return "active";
    case ASSAY_CA_OLD: return "old";
    }
    return "unknown";
}

/* docs/identity.md 3.15: the numbers that are published. */
static void set_numbers(struct assay_json *data, const struct authority *of)
{
    struct assay_json *const list = assay_json_set_array(data, "numbers");
    for (uint32_t i = 0; i < of->count; i++) {
        const struct assay_ca_published *const p = &of->published[i];
        struct assay_json *const object = assay_json_append_object(list);
        assay_json_set_uint(object, "number", p->number);
        assay_json_set_text(object, "state", number_state(p->state));
        assay_json_set_hex(object, "key", p->key, 32);
        if (p->state == ASSAY_CA_ACTIVE) assay_json_set_null(object, "until_epoch");
        else assay_json_set_uint(object, "until_epoch", p->until);
    }
}

static char *document_ca(struct assay_runtime *runtime)
{
    struct authority of;
    char *refusal;
    if (!open_authority(runtime, false, &of, &refusal)) return refusal;
    const struct assay_ca *const ca = of.ca;
    struct assay_json *const data = assay_json_object();
    assay_json_set_uint(data, "epoch", ca->epoch);
    assay_json_set_text(data, "trust_domain", of.plan->identity.trust_domain);
    assay_json_set_text(data, "issuer", of.plan->identity.issuer);
    assay_json_set_uint(data, "validity_s", of.plan->identity.validity_s);
    assay_json_set_bool(data, "insecure", of.plan->identity.insecure);
    assay_json_set_uint(data, "ca_number", ca->ca_number);
    if (ca->ca_number > 0) assay_json_set_hex(data, "key", ca->key, 32);
    else assay_json_set_null(data, "key");
    set_numbers(data, &of);
    set_certificate(runtime, data, ca);
    set_sharing(runtime, data, ca);
    struct assay_json *const ceremony = assay_json_set_object(data, "ceremony");
    assay_json_set_text(ceremony, "phase", assay_document_ceremony(ca->ceremony.phase));
    assay_json_set_bool(ceremony, "is_reshare", ca->ceremony.is_reshare);
    assay_json_set_uint(ceremony, "began_epoch", ca->ceremony.began);
    assay_json_set_uint(ceremony, "attempts", ca->attempts);
    set_awaited(runtime, data, ceremony, ca);
    struct assay_json *const convicted = assay_json_set_array(data, "convicted");
    for (uint32_t i = 0; i < ca->convicted; i++) {
        struct assay_json *const object = assay_json_append_object(convicted);
        assay_json_set_hex(object, "node_id", ca->conviction[i].node_id, 32);
        assay_json_set_text(object, "reason",
                            ca->conviction[i].reason == ASSAY_CA_DEALT_WRONGLY ? "dealt_wrongly"
                            : ca->conviction[i].reason == ASSAY_CA_ACCUSED_WRONGLY
                                ? "accused_wrongly"
                                : "signed_wrongly");
        assay_json_set_uint(object, "epoch", ca->conviction[i].epoch);
    }
    return document_finish(runtime, "assay.authority", data);
}

/* ------------------------------------------------------------ for offline verifiers */

/* Memory of one answer. */
struct proof_room {
    struct assay_prove prove;
    uint8_t standing[ASSAY_PROOF_LEN_MAX], identity[ASSAY_CA_DOCUMENT_LEN_MAX];
    uint8_t plan[ASSAY_PLAN_LEN_MAX], bytes[ASSAY_AUTHORITY_PROOF_LEN_MAX];
};

/* Those that are here, of the keys that the proven fold publishes. */
static void set_certificates(struct assay_runtime *runtime, const struct assay_ca *ca,
                             struct assay_authority_proof *proof)
{
    struct assay_ca_published published[ASSAY_CA_PUBLISHED_MAX];
    const uint32_t count = assay_ca_published(ca, published);
    for (uint32_t i = 0; i < count; i++) {
        const struct runtime_authority *const kept = kept_of(runtime, ca, &published[i]);
        if (kept != NULL)
            proof->certificate[proof->certificate_count++] = assay_slice_over(kept->der, kept->len);
    }
    if (proof->certificate_count > 0 && runtime->cross.len > 0 &&
        runtime->cross.number == ca->ca_number)
        proof->certificate[proof->certificate_count++] =
            assay_slice_over(runtime->cross.der, runtime->cross.len);
}

/* Of the epoch that closed last: the store and the engine are requested the same close. */
static enum assay_status make_proof(struct assay_runtime *runtime, struct proof_room *room,
                                    void *memory, struct assay_slice *out)
{
    struct assay_services_snapshot s;
    struct assay_writer standing = assay_writer_over(room->standing, sizeof room->standing);
    struct assay_writer identity = assay_writer_over(room->identity, sizeof room->identity);
    struct assay_writer plan = assay_writer_over(room->plan, sizeof room->plan);
    struct assay_writer w = assay_writer_over(room->bytes, sizeof room->bytes);
    uint8_t terms[32];
    assay_engine_services(runtime->engine, &s);
    ASSAY_TRY(assay_prove_open(&room->prove, runtime->config.store, memory, runtime->members));
    const struct assay_checkpoint *const at = &room->prove.checkpoint;
    if (s.registry == NULL || runtime->renewing || s.era != at->era || s.epoch != at->epoch + 1)
        return ASSAY_E_AGAIN;
    const struct assay_ca *const ca = assay_registry_identity(s.registry);
    if (ca == NULL || ca->ca_number == 0) return ASSAY_E_AGAIN;
    assay_registry_plan_identity_digest(assay_registry_get_plan(s.registry), terms);
    if (!assay_bytes_equal(terms, ca->terms, sizeof terms)) return ASSAY_E_AGAIN;
    ASSAY_TRY(assay_prove_member(&room->prove, runtime->self == ASSAY_SLOT_ALL ? 0 : runtime->self,
                                 false, &standing));
    ASSAY_TRY(assay_ca_document_encode(ca, 0, &identity));
    ASSAY_TRY(assay_keyholder_authority_plan_encode(assay_registry_get_plan(s.registry), &plan));
    struct assay_authority_proof proof = {
        .proof = assay_slice_over(room->standing, standing.len),
        .identity = assay_slice_over(room->identity, identity.len),
        .plan = assay_slice_over(room->plan, plan.len),
    };
    set_certificates(runtime, ca, &proof);
    if (proof.certificate_count == 0) return ASSAY_E_AGAIN; /* other numbers since the request */
    ASSAY_TRY(assay_keyholder_authority_encode(&proof, &w));
    return assay_writer_finish(&w, out);
}

static char *refuse_proof(struct assay_runtime *runtime, enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    if (status == ASSAY_E_NOT_FOUND || status == ASSAY_E_EARLY || status == ASSAY_E_AGAIN)
        return document_error(runtime, "not_closed",
                              "no epoch with this key can be proven here yet: retry after the next "
                              "close");
    return document_error(runtime, "store", "the last epoch cannot be read");
}

static char *document_ca_proof(struct assay_runtime *runtime)
{
    struct authority of;
    struct assay_slice bytes;
    char *text;
    if (!open_authority(runtime, true, &of, &text) || !has_certificate(runtime, of.ca, &text))
        return text;
    struct proof_room *const room = malloc(sizeof *room);
    void *const memory =
        aligned_alloc(16, (assay_prove_memory_len(runtime->members) + 15) & ~(size_t)15);
    const enum assay_status status =
        room != NULL && memory != NULL ? make_proof(runtime, room, memory, &bytes) : ASSAY_E_MEMORY;
    if (status == ASSAY_OK) {
        struct assay_json *const data = assay_json_object();
        assay_json_set_uint(data, "era", room->prove.checkpoint.era);
        assay_json_set_uint(data, "epoch", room->prove.checkpoint.epoch);
        assay_json_set_hex(data, "ca_proof", bytes.bytes, bytes.len);
        text = document_finish(runtime, "assay.ca_proof", data);
    } else {
        text = refuse_proof(runtime, status);
    }
    free(memory);
    free(room);
    return text;
}

char *document_authority(struct assay_runtime *runtime, const char *command)
{
    if (strcmp(command, "ca-proof") == 0) return document_ca_proof(runtime);
    if (strcmp(command, "authority") == 0) return document_ca(runtime);
    if (strcmp(command, "jwks") == 0) return document_jwks(runtime);
    if (strcmp(command, "bundle") == 0) return document_bundle(runtime);
    if (strcmp(command, "openid") == 0) return document_openid(runtime);
    return NULL;
}
