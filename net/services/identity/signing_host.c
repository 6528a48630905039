/*
 * net/services/identity/signing_host.c - signing sessions in a holder's process.
 */
#include "net/services/identity/signing_host.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "net/services/identity/locked_memory.h"

#include <stdlib.h>

enum {
    SESSIONS = 8, /* that it joins at once: 130 KB of locked memory each */
    ROWS = ASSAY_COSIGNER_ROWS_OTHERS_MAX + 512,
    JOINS = 8192, /* 81 in an epoch for each of 100 coordinators */
    REQUESTS = 2, /* that it coordinates at once */
    /* Holders coordinate one after the other, by their places, until one has the certificate. */
    TURN_MS = 1500,
    AGAIN_MS = 1000, /* after a request that failed */
    STANDING_MAX = 32 * 1024,
    ISSUED_MAX = 2 * ASSAY_DECLARED_KEYS_MAX,
};

/* Locked. */
struct secrets {
    struct assay_cosigner signer;
    struct assay_cosigner_slot slot[SESSIONS];
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX + 1];
};

/* A list of keys with the bytes that it borrows from. */
struct shown_list {
    uint8_t bytes[ASSAY_DECLARED_KEYS_LEN_MAX];
    struct assay_declared_keys keys;
};

/* Certificates of workload keys of this member. */
struct workload {
    bool is_shown;
    size_t standing_len;
    uint8_t standing[STANDING_MAX];
    struct shown_list listed, declared;
    bool has_declared;
    bool is_done[ASSAY_DECLARED_KEYS_MAX]; /* by entry: it has one, or cannot have one */
    uint64_t due_ms[ASSAY_DECLARED_KEYS_MAX];
    /* the request that runs */
    bool is_requested;
    uint64_t number;
    uint32_t entry;
    size_t tbs_len;
    uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX], item[STANDING_MAX + 2048];
    /* what was issued, by SHA-256 of the entry */
    uint32_t known;
    struct {
        uint8_t digest[32];
        uint32_t ca_number;
        uint64_t at_ms;
    } of[ISSUED_MAX];
};

struct assay_keyholder_signing {
    struct assay_keyholder_signing_config config;
    struct secrets *secrets;
    struct assay_cosigner_row row[ROWS];
    struct assay_cosigner_join join[JOINS];
    struct assay_coordinator coordinator;
    struct assay_coordinator_slot request[REQUESTS];
    struct assay_signing_group group;
    struct assay_derivation derivation;
    struct assay_cosigner_out out;
    struct assay_coordinator_out effect;
    uint8_t frame[ASSAY_SIGNING_FRAME_MAX];
    uint8_t random[32];
    bool is_open, has_signer;
    uint32_t place;
    uint64_t generation, era; /* of the signer */
    /* the certificate of the key: its text, while it is to be signed */
    bool is_due, is_requested;
    uint64_t due_ms, request_number;
    size_t tbs_len;
    uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX];
    struct workload workload;
    struct assay_keyholder_signing_status status;
};

enum assay_status assay_keyholder_signing_create(
    const struct assay_keyholder_signing_config *config, struct assay_keyholder_signing **out)
{
    struct assay_keyholder_signing *h = calloc(1, sizeof *h);
    *out = h;
    if (h == NULL) return ASSAY_E_MEMORY;
    h->config = *config;
    h->secrets = assay_locked_memory_new(sizeof *h->secrets);
    enum assay_status status = h->secrets != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    if (status == ASSAY_OK) status = assay_random(h->random, sizeof h->random);
    if (status != ASSAY_OK) assay_keyholder_signing_destroy(out);
    return status;
}

void assay_keyholder_signing_destroy(struct assay_keyholder_signing **host)
{
    struct assay_keyholder_signing *h = *host;
    if (h == NULL) return;
    assay_locked_memory_free(h->secrets, sizeof *h->secrets);
    free(h);
    *host = NULL;
}

void assay_keyholder_signing_stop(struct assay_keyholder_signing *host)
{
    struct assay_keyholder_signing *h = host;
    if (h->has_signer) assay_cosigner_wipe(&h->secrets->signer);
    assay_secret_wipe(h->secrets, sizeof *h->secrets);
    h->is_open = h->has_signer = h->is_due = h->is_requested = h->derivation.is_open = false;
    h->workload.is_shown = h->workload.is_requested = false;
}

struct assay_keyholder_signing_status assay_keyholder_signing_status(
    const struct assay_keyholder_signing *host)
{
    struct assay_keyholder_signing_status status = host->status;
    status.is_open = host->is_open;
    return status;
}

/* --- epochs */

/* With what the vault has made durable: no session of before a start is joined again. */
static void init_sides(struct assay_keyholder_signing *h)
{
    const struct assay_cosigner_memory memory = { .slot = h->secrets->slot,
                                                  .slots = SESSIONS,
                                                  .row = h->row,
                                                  .rows = ROWS,
                                                  .join = h->join,
                                                  .joins = JOINS };
    uint64_t era = 0, epoch = 0;
    uint8_t journal[32];
    assay_holder_vault_get_epoch(h->config.vault, &era, &epoch);
    assay_holder_vault_journal_digest(h->config.vault, journal);
    assay_cosigner_init(&h->secrets->signer, &h->group, h->place, h->secrets->share,
                        assay_holder_vault_seed(h->config.vault), &memory, era, epoch, journal);
    assay_cosigner_set_derive(&h->secrets->signer, assay_derivation_derive, &h->derivation);
    assay_cosigner_set_link(&h->secrets->signer, h->config.link_key);
    assay_coordinator_init(&h->coordinator, &h->group, h->config.node_id, h->request, REQUESTS,
                           h->random);
    assay_coordinator_set_derive(&h->coordinator, assay_derivation_derive, &h->derivation);
    /* Names of sessions are of this and a counter, which begins with each generation. */
    assay_sha256(h->random, sizeof h->random, h->random);
    h->has_signer = true;
    h->generation = h->group.generation;
    h->era = h->group.era;
}

static void load_epoch(const struct assay_keyholder_signing *h, const struct assay_ca *ca,
                       struct assay_cosigner_time now, struct assay_cosigner_epoch *epoch)
{
    *epoch = (struct assay_cosigner_epoch){ .era = ca->era,
                                            .epoch = ca->epoch,
                                            .generation = ca->force.generation,
                                            .final_ms = now.monotonic_ms,
                                            .period_ms = h->config.period_ms };
    assay_bytes_copy(epoch->block_id, 32, h->derivation.at.id, 32);
    assay_bytes_copy(epoch->link_key, 32, ca->force.holder[h->place].link_key, 32);
    for (uint32_t i = 1; i <= ca->force.count; i++)
        epoch->live[i] = assay_ca_index_lives(ca, i);
}

static struct assay_slice key_item(uint8_t bytes[static 64])
{
    const struct assay_derivation_item item = { .product = ASSAY_CREDENTIAL_CA_CERTIFICATE };
    struct assay_writer w = assay_writer_over(bytes, 64);
    const enum assay_status status = assay_derivation_encode(&item, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    return assay_slice_over(bytes, w.len);
}

/* The close that put the generation into force is the one that its certificate names. */
static void plan_certificate(struct assay_keyholder_signing *h, struct assay_cosigner_time now)
{
    struct assay_cosigner_item derived;
    uint8_t bytes[64];
    h->is_due = h->is_requested = false;
    if (!h->derivation.is_first || assay_derivation_derive(&h->derivation, key_item(bytes), h->tbs,
                                                           sizeof h->tbs, &derived) != ASSAY_OK)
        return;
    h->tbs_len = derived.tbs.len;
    h->is_due = true;
    h->due_ms = now.monotonic_ms + (uint64_t)h->place * TURN_MS;
}

enum assay_status assay_keyholder_signing_on_epoch(struct assay_keyholder_signing *host,
                                                   const struct assay_keyholder_proof *proof,
                                                   const struct assay_ca *ca,
                                                   const struct assay_ceremony_holder *holder,
                                                   struct assay_cosigner_time now)
{
    struct assay_keyholder_signing *h = host;
    struct assay_derivation opened;
    struct assay_signing_group group;
    struct assay_cosigner_epoch epoch;
    const enum assay_status status = assay_derivation_open(&opened, proof, ca, &h->config.terms);
    if (status == ASSAY_E_EARLY) return ASSAY_OK; /* the certified epoch before counts */
    const uint32_t place = assay_ca_holder_of_node(&ca->force, h->config.node_id);
    if (status != ASSAY_OK || place == UINT32_MAX || assay_ca_group(ca, &group) != ASSAY_OK) {
        assay_keyholder_signing_stop(h);
        return ASSAY_OK;
    }
    const bool is_other = !h->has_signer || h->place != place ||
                          h->generation != group.generation || h->era != group.era;
    if (is_other) assay_keyholder_signing_stop(h);
    h->derivation = opened;
    h->group = group;
    h->place = place;
    if (assay_ceremony_holder_shares(holder, ca, h->secrets->share) != ASSAY_OK) {
        assay_keyholder_signing_stop(h);
        return ASSAY_OK;
    }
    if (is_other) init_sides(h);
    load_epoch(h, ca, now, &epoch);
    h->is_open = assay_cosigner_on_epoch(&h->secrets->signer, &h->group, h->secrets->share,
                                         &epoch) == ASSAY_OK &&
                 assay_coordinator_on_epoch(&h->coordinator, &h->group, &epoch) == ASSAY_OK;
    if (!h->is_open) return ASSAY_OK; /* older than what it signed for */
    assay_cosigner_on_tick(&h->secrets->signer, now);
    h->status.epoch = ca->epoch;
    h->workload.is_shown = h->workload.is_requested = false;
    plan_certificate(h, now);
    return ASSAY_OK;
}

/* --- the signer */

static void send_frame(struct assay_keyholder_signing *h, const uint8_t to[static 32],
                       enum assay_signing_frame kind, struct assay_slice bytes)
{
    ASSAY_ASSERT(bytes.len < sizeof h->frame);
    h->frame[0] = (uint8_t)kind;
    assay_bytes_copy(h->frame + 1, sizeof h->frame - 1, bytes.bytes, bytes.len);
    h->config.send(h->config.context, to, assay_slice_over(h->frame, bytes.len + 1));
}

static bool is_self(const struct assay_keyholder_signing *h, const uint8_t node_id[static 32])
{
    return assay_bytes_equal(node_id, h->config.node_id, 32);
}

static enum assay_status append_journal(struct assay_keyholder_signing *h)
{
    for (uint32_t i = 0; i < h->out.journal_count; i++)
        if (assay_holder_vault_append(h->config.vault,
                                      assay_slice_over(h->out.journal[i], h->out.journal_len[i])) !=
            ASSAY_OK)
            return ASSAY_E_STORE;
    return ASSAY_OK;
}

static enum assay_status run_signer(struct assay_keyholder_signing *h,
                                    const uint8_t from[static 32], struct assay_slice message,
                                    struct assay_cosigner_time now)
{
    struct assay_cosigner *s = &h->secrets->signer;
    struct assay_cosigner_entropy entropy = { .processor = { 0 } };
    ASSAY_TRY(assay_random(entropy.system, sizeof entropy.system));
    enum assay_status status = assay_cosigner_on_message(s, now, &entropy, from, message, &h->out);
    if (status == ASSAY_E_AGAIN && h->out.action == ASSAY_COSIGNER_STORE) {
        const uint64_t era = h->out.era, epoch = h->out.epoch;
        if (assay_holder_vault_put_epoch(h->config.vault, era, epoch) != ASSAY_OK)
            return ASSAY_E_STORE;
        assay_cosigner_on_stored(s, era, epoch);
        status = assay_cosigner_on_message(s, now, &entropy, from, message, &h->out);
    }
    assay_secret_wipe(&entropy, sizeof entropy);
    if (status != ASSAY_OK) {
        h->status.refused++;
        h->status.last = status;
    }
    if (status != ASSAY_OK || h->out.action != ASSAY_COSIGNER_SEND) return ASSAY_OK;
    ASSAY_TRY(append_journal(h));
    h->status.answered++;
    if (is_self(h, from))
        assay_status_ignore(
            assay_coordinator_on_message(&h->coordinator, now.monotonic_ms, from, h->out.message),
            "the coordinator begins another session");
    else send_frame(h, from, ASSAY_SIGNING_FRAME_MESSAGE, h->out.message);
    return ASSAY_OK;
}

/* --- the certificate of the key */

static enum assay_status finish_certificate(struct assay_keyholder_signing *h,
                                            const uint8_t signature[static 64])
{
    uint8_t der[ASSAY_CREDENTIAL_CERTIFICATE_MAX];
    struct assay_slice whole;
    if (assay_credential_certificate(assay_slice_over(h->tbs, h->tbs_len), signature, der,
                                     sizeof der, &whole) != ASSAY_OK)
        return ASSAY_OK;
    ASSAY_TRY(h->config.certified(h->config.context, h->group.ca_number, whole));
    h->is_due = h->is_requested = false;
    h->status.certificates++;
    return ASSAY_OK;
}

/* Of another holder's coordinator: the text is this holder's own. */
static enum assay_status on_certificate(struct assay_keyholder_signing *h,
                                        struct assay_slice signature)
{
    if (!h->is_due || signature.len != 64 ||
        !assay_sodium_edwards_verify(h->group.key, assay_slice_over(h->tbs, h->tbs_len),
                                     signature.bytes))
        return ASSAY_OK;
    return finish_certificate(h, signature.bytes);
}

/* --- certificates of workload keys of this member */

static bool load_list(struct assay_slice bytes, struct shown_list *list)
{
    if (bytes.len == 0 || bytes.len > sizeof list->bytes) return false;
    assay_bytes_copy(list->bytes, sizeof list->bytes, bytes.bytes, bytes.len);
    return assay_declared_keys_decode(assay_slice_over(list->bytes, bytes.len), &list->keys) ==
           ASSAY_OK;
}

void assay_keyholder_signing_show(struct assay_keyholder_signing *host, uint64_t epoch,
                                  struct assay_slice standing, struct assay_slice keys,
                                  struct assay_slice declared, struct assay_cosigner_time now)
{
    struct workload *k = &host->workload;
    if (!host->is_open || epoch != host->status.epoch || k->is_requested || standing.len == 0 ||
        standing.len > sizeof k->standing || !load_list(keys, &k->listed))
        return;
    k->has_declared = declared.len > 0;
    if (k->has_declared && !load_list(declared, &k->declared)) return;
    assay_bytes_copy(k->standing, sizeof k->standing, standing.bytes, standing.len);
    k->standing_len = standing.len;
    k->is_shown = true;
    for (uint32_t i = 0; i < ASSAY_DECLARED_KEYS_MAX; i++) {
        k->is_done[i] = false;
        k->due_ms[i] = now.monotonic_ms;
    }
}

static void set_entry(const struct assay_declared_keys *keys, uint32_t place,
                      struct assay_derivation_entry *entry)
{
    uint8_t hashes[ASSAY_DECLARED_KEYS_MAX][32];
    size_t len = 0;
    *entry = (struct assay_derivation_entry){ .entry = keys->entries[place],
                                              .place = place,
                                              .count = keys->count };
    for (uint32_t i = 0; i < keys->count; i++)
        assay_merkle_leaf_hash(keys->entries[i].bytes, keys->entries[i].len, hashes[i]);
    const enum assay_status status =
        assay_merkle_path((const uint8_t(*)[32])hashes, keys->count, place, entry->path,
                          ASSAY_DERIVATION_PATH_MAX, &len);
    ASSAY_ASSERT(status == ASSAY_OK); /* of ASSAY_DECLARED_KEYS_MAX entries at most */
    entry->path_len = (uint32_t)len;
}

/* The same key in the newest declared list; none: holders refuse it as withdrawn. */
static void set_declared(const struct workload *k, const struct assay_declared_key *key,
                         struct assay_derivation_entry *entry)
{
    const struct assay_declared_keys *keys = &k->declared.keys;
    for (uint32_t i = 0; k->has_declared && i < keys->count; i++)
        if (keys->keys[i].purpose == key->purpose &&
            assay_slice_equal(keys->keys[i].name, key->name)) {
            set_entry(keys, i, entry);
            return;
        }
}

static bool encode_workload(struct workload *k, uint32_t place, struct assay_slice *item)
{
    struct assay_derivation_item of = {
        .product = ASSAY_CREDENTIAL_LEAF,
        .proof = assay_slice_over(k->standing, k->standing_len),
    };
    struct assay_writer w = assay_writer_over(k->item, sizeof k->item);
    set_entry(&k->listed.keys, place, &of.listed);
    set_declared(k, &k->listed.keys.keys[place], &of.declared);
    if (assay_derivation_encode(&of, &w) != ASSAY_OK) return false;
    *item = assay_slice_over(k->item, w.len);
    return true;
}

static void digest_entry(const struct workload *k, uint32_t place, uint8_t digest[static 32])
{
    assay_sha256(k->listed.keys.entries[place].bytes, k->listed.keys.entries[place].len, digest);
}

static bool is_young(const struct assay_keyholder_signing *h, uint32_t place, uint64_t now_ms)
{
    const struct workload *k = &h->workload;
    uint8_t digest[32];
    digest_entry(k, place, digest);
    for (uint32_t i = 0; i < k->known; i++)
        if (assay_bytes_equal(k->of[i].digest, digest, 32))
            return k->of[i].ca_number == h->group.ca_number &&
                   now_ms - k->of[i].at_ms < (uint64_t)h->config.terms.validity_s * 500;
    return false;
}

/* In the place of the same entry, or of the oldest. */
static void note_issued(struct assay_keyholder_signing *h, uint32_t place, uint64_t now_ms)
{
    struct workload *k = &h->workload;
    uint8_t digest[32];
    uint32_t at = k->known < ISSUED_MAX ? k->known : 0;
    digest_entry(k, place, digest);
    for (uint32_t i = 0; k->known == ISSUED_MAX && i < k->known; i++)
        if (k->of[i].at_ms < k->of[at].at_ms) at = i;
    for (uint32_t i = 0; i < k->known; i++)
        if (assay_bytes_equal(k->of[i].digest, digest, 32)) at = i;
    if (at == k->known) k->known++;
    assay_bytes_copy(k->of[at].digest, 32, digest, 32);
    k->of[at].ca_number = h->group.ca_number;
    k->of[at].at_ms = now_ms;
}

/* Nothing is requested of holders that they would refuse. */
static void submit_workload(struct assay_keyholder_signing *h, uint32_t place, uint64_t now_ms)
{
    struct workload *k = &h->workload;
    struct assay_cosigner_item derived;
    struct assay_slice item;
    if (k->listed.keys.keys[place].purpose != ASSAY_PURPOSE_TLS || is_young(h, place, now_ms) ||
        !encode_workload(k, place, &item) ||
        assay_derivation_derive(&h->derivation, item, k->tbs, sizeof k->tbs, &derived) !=
            ASSAY_OK ||
        !is_self(h, derived.subject)) {
        k->is_done[place] = true;
        return;
    }
    k->tbs_len = derived.tbs.len;
    k->entry = place;
    k->is_requested =
        assay_coordinator_submit(&h->coordinator, now_ms, &item, 1, &k->number) == ASSAY_OK;
    if (!k->is_requested) k->due_ms[place] = now_ms + AGAIN_MS;
}

static void request_workload(struct assay_keyholder_signing *h, struct assay_cosigner_time now)
{
    struct workload *k = &h->workload;
    for (uint32_t i = 0; k->is_shown && i < k->listed.keys.count && !k->is_requested; i++)
        if (!k->is_done[i] && now.monotonic_ms >= k->due_ms[i])
            submit_workload(h, i, now.monotonic_ms);
}

static enum assay_status end_workload(struct assay_keyholder_signing *h,
                                      struct assay_cosigner_time now)
{
    struct workload *k = &h->workload;
    uint8_t der[ASSAY_CREDENTIAL_CERTIFICATE_MAX];
    struct assay_slice whole;
    k->is_requested = false;
    k->due_ms[k->entry] = now.monotonic_ms + AGAIN_MS;
    if (h->effect.status != ASSAY_OK ||
        assay_credential_certificate(assay_slice_over(k->tbs, k->tbs_len), h->effect.signature[0],
                                     der, sizeof der, &whole) != ASSAY_OK)
        return ASSAY_OK;
    k->is_done[k->entry] = true;
    note_issued(h, k->entry, now.monotonic_ms);
    h->status.issued++;
    return h->config.issued(h->config.context, k->listed.keys.keys[k->entry].name, whole);
}

/* --- the coordinator */

static enum assay_status end_request(struct assay_keyholder_signing *h,
                                     struct assay_cosigner_time now)
{
    const struct assay_coordinator_out *e = &h->effect;
    if (h->workload.is_requested && e->request == h->workload.number) return end_workload(h, now);
    if (!h->is_requested || e->request != h->request_number) return ASSAY_OK;
    h->is_requested = false;
    h->due_ms = now.monotonic_ms + AGAIN_MS;
    if (e->status != ASSAY_OK || !h->is_due) return ASSAY_OK;
    for (uint32_t i = 0; i < h->group.holders; i++)
        if (i != h->place)
            send_frame(h, h->group.holder[i].node_id, ASSAY_SIGNING_FRAME_CERTIFICATE,
                       assay_slice_over(e->signature[0], 64));
    return finish_certificate(h, e->signature[0]);
}

static enum assay_status send_round(struct assay_keyholder_signing *h,
                                    struct assay_cosigner_time now)
{
    const struct assay_coordinator_out *e = &h->effect;
    for (uint32_t i = 0; i < h->group.holders; i++)
        if (e->to[i] && i != h->place)
            send_frame(h, h->group.holder[i].node_id, ASSAY_SIGNING_FRAME_MESSAGE, e->message);
    return e->to[h->place] ? run_signer(h, h->config.node_id, e->message, now) : ASSAY_OK;
}

static enum assay_status run_coordinator(struct assay_keyholder_signing *h,
                                         struct assay_cosigner_time now)
{
    while (h->is_open && assay_coordinator_poll(&h->coordinator, now.monotonic_ms, &h->effect)) {
        if (h->effect.action == ASSAY_COORDINATOR_LIE)
            h->config.lie(h->config.context, h->effect.message);
        else if (h->effect.action == ASSAY_COORDINATOR_ENDING) ASSAY_TRY(end_request(h, now));
        else if (h->effect.action == ASSAY_COORDINATOR_SEND) ASSAY_TRY(send_round(h, now));
    }
    return ASSAY_OK;
}

static void request_certificate(struct assay_keyholder_signing *h, struct assay_cosigner_time now)
{
    uint8_t bytes[64];
    if (!h->is_due || h->is_requested || now.monotonic_ms < h->due_ms) return;
    const struct assay_slice item = key_item(bytes);
    h->is_requested = assay_coordinator_submit(&h->coordinator, now.monotonic_ms, &item, 1,
                                               &h->request_number) == ASSAY_OK;
    if (!h->is_requested) h->due_ms = now.monotonic_ms + AGAIN_MS;
}

/* --- events */

enum assay_status assay_keyholder_signing_on_frame(struct assay_keyholder_signing *host,
                                                   const uint8_t from[static 32],
                                                   struct assay_slice frame,
                                                   struct assay_cosigner_time now)
{
    struct assay_keyholder_signing *h = host;
    struct assay_signing_message m;
    if (!h->is_open || frame.len < 2 || is_self(h, from)) return ASSAY_OK;
    const struct assay_slice bytes = assay_slice_over(frame.bytes + 1, frame.len - 1);
    if (frame.bytes[0] == ASSAY_SIGNING_FRAME_CERTIFICATE) return on_certificate(h, bytes);
    if (frame.bytes[0] != ASSAY_SIGNING_FRAME_MESSAGE ||
        assay_signing_decode(bytes, &m) != ASSAY_OK)
        return ASSAY_OK;
    const bool is_request = m.kind == ASSAY_SIGNING_REQUEST || m.kind == ASSAY_SIGNING_LIST ||
                            m.kind == ASSAY_SIGNING_ECHOES;
    if (is_request) return run_signer(h, from, bytes, now);
    assay_status_ignore(
        assay_coordinator_on_message(&h->coordinator, now.monotonic_ms, from, bytes),
        "the coordinator begins another session");
    return run_coordinator(h, now);
}

enum assay_status assay_keyholder_signing_on_tick(struct assay_keyholder_signing *host,
                                                  struct assay_cosigner_time now)
{
    if (!host->is_open) return ASSAY_OK;
    assay_cosigner_on_tick(&host->secrets->signer, now);
    request_certificate(host, now);
    request_workload(host, now);
    return run_coordinator(host, now);
}
