/*
 * net/services/identity/signing_host.c - signing sessions in a holder's process.
 */
#include "net/services/identity/signing_host_internal.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "net/services/identity/locked_memory.h"

#include <stdlib.h>

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
    *host = NULL;
    assay_keyholder_signing_destroy(&h->next);
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc): the next number is another object */
    assay_locked_memory_free(h->secrets, sizeof *h->secrets);
    free(h);
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
}

/* Of one CA number. */
static void stop_side(struct assay_keyholder_signing *h)
{
    signing_stop_issue(h);
    if (h->has_signer) assay_cosigner_wipe(&h->secrets->signer);
    assay_secret_wipe(h->secrets, sizeof *h->secrets);
    h->is_open = h->has_signer = h->derivation.is_open = false;
    for (uint32_t i = 0; i < KEY_TEXTS; i++)
        h->text[i].is_due = h->text[i].is_requested = false;
    h->workload.is_shown = h->workload.is_requested = false;
}

void assay_keyholder_signing_stop(struct assay_keyholder_signing *host)
{
    assay_keyholder_signing_destroy(&host->next);
    stop_side(host);
    host->published_count = 0;
    host->lacking = 0;
}

struct assay_keyholder_signing_status assay_keyholder_signing_status(
    const struct assay_keyholder_signing *host)
{
    struct assay_keyholder_signing_status status = host->status;
    status.is_open = host->is_open;
    status.journal_bytes = assay_holder_vault_journal_written(host->config.vault);
    status.is_next_open = host->next != NULL && host->next->is_open;
    return status;
}

/* --- epochs */

/* With what the vault has made durable: no session of before a start is joined again. */
static void init_sides(struct assay_keyholder_signing *h)
{
    const struct assay_cosigner_memory memory = { .slot = h->slot,
                                                  .nonces = h->secrets->nonces,
                                                  .slots = ASSAY_COSIGNER_PLACES * h->group.holders,
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
                       const struct assay_ca_sharing *sharing, uint64_t period_ms,
                       struct assay_cosigner_time now, struct assay_cosigner_epoch *epoch)
{
    *epoch = (struct assay_cosigner_epoch){ .era = ca->era,
                                            .epoch = ca->epoch,
                                            .generation = sharing->generation,
                                            .final_ms = now.monotonic_ms,
                                            .period_ms = period_ms };
    assay_bytes_copy(epoch->block_id, 32, h->derivation.at.id, 32);
    assay_bytes_copy(epoch->link_key, 32, sharing->holder[h->place].link_key, 32);
    for (uint32_t i = 1; i <= sharing->count; i++)
        epoch->live[i] = assay_ca_lives_in(ca, sharing, i);
}

static struct assay_slice key_item(enum assay_credential_product product, uint8_t bytes[static 64])
{
    const struct assay_derivation_item item = { .product = product };
    struct assay_writer w = assay_writer_over(bytes, 64);
    const enum assay_status status = assay_derivation_encode(&item, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    return assay_slice_over(bytes, w.len);
}

static void plan_text(struct assay_keyholder_signing *h, uint32_t i,
                      enum assay_credential_product product, uint32_t which, bool is_due,
                      struct assay_cosigner_time now)
{
    struct key_text *const text = &h->text[i];
    struct assay_cosigner_item derived;
    uint8_t bytes[64];
    text->is_due = text->is_requested = false;
    if (!is_due || assay_derivation_derive(&h->derivation, key_item(product, bytes), text->tbs,
                                           sizeof text->tbs, &derived) != ASSAY_OK)
        return;
    text->product = product;
    text->which = which;
    text->tbs_len = derived.tbs.len;
    text->is_due = true;
    /* Later, another one begins in each epoch: epochs may be shorter than the turns of all. */
    const uint64_t turn =
        h->derivation.is_late ? (h->place + h->derivation.at.epoch) % h->group.holders : h->place;
    text->due_ms = now.monotonic_ms + turn * TURN_MS;
}

/* The close that put the generation into force is the one that its certificate names. Of the next
 * number, any close until there is one; and the one that makes it active, if there was none. */
static void plan_certificates(struct assay_keyholder_signing *h, struct assay_cosigner_time now)
{
    const uint32_t number = h->group.ca_number, next = h->derivation.next.number;
    const struct assay_keyholder_signing *main = h->main != NULL ? h->main : h;
    /* Of an epoch after the first, only if no other holder has one: all have the same. */
    const bool may_be =
        h->derivation.is_first && (!h->derivation.is_late || signing_asked_all(main, number));
    const bool is_own_due =
        (may_be || h->derivation.is_next) && !signing_has_certificate(main, number);
    plan_text(h, OWN, ASSAY_CREDENTIAL_CA_CERTIFICATE, number, is_own_due, now);
    plan_text(h, CROSS, ASSAY_CREDENTIAL_CROSS_CERTIFICATE, next | ASSAY_SIGNING_CROSS,
              next > 0 && !signing_has_certificate(h, next | ASSAY_SIGNING_CROSS), now);
}

/* One CA number signs for the epoch of an open derivation, if this process has a share of it. In:
 * opened: borrows the plan of the main side. Returns: ASSAY_OK */
static enum assay_status open_side(struct assay_keyholder_signing *h,
                                   const struct assay_derivation *opened,
                                   const struct assay_keyholder_proof *proof,
                                   const struct assay_ca *ca,
                                   const struct assay_ceremony_holder *holder,
                                   struct assay_cosigner_time now)
{
    const uint32_t number = opened->ca.number;
    const struct assay_ca_sharing *sharing = assay_ca_sharing_of(ca, number);
    struct assay_signing_group group;
    struct assay_cosigner_epoch epoch;
    ASSAY_ASSERT(sharing != NULL);
    const uint32_t place = assay_ca_holder_of_node(sharing, h->config.node_id);
    h->lacking = sharing->generation;
    if (place == UINT32_MAX || assay_ca_group_of(ca, number, &group) != ASSAY_OK) {
        stop_side(h);
        return ASSAY_OK;
    }
    const bool is_other = !h->has_signer || h->place != place ||
                          h->generation != group.generation || h->era != group.era;
    if (is_other) stop_side(h);
    h->derivation = *opened;
    h->group = group;
    h->place = place;
    if (assay_ceremony_holder_shares(holder, ca, number, h->secrets->share) != ASSAY_OK) {
        stop_side(h);
        return ASSAY_OK;
    }
    h->lacking = 0;
    if (is_other) init_sides(h);
    load_epoch(h, ca, sharing, assay_keyholder_proof_period_ms(proof), now, &epoch);
    h->is_open = assay_cosigner_on_epoch(&h->secrets->signer, &h->group, h->secrets->share,
                                         &epoch) == ASSAY_OK &&
                 assay_coordinator_on_epoch(&h->coordinator, &h->group, &epoch) == ASSAY_OK;
    if (!h->is_open) return ASSAY_OK; /* older than what it signed for */
    assay_cosigner_on_tick(&h->secrets->signer, now);
    h->status.epoch = ca->epoch;
    h->workload.is_shown = h->workload.is_requested = false;
    plan_certificates(h, now);
    return ASSAY_OK;
}

/* Locked memory of its own, while there is a next number. */
static enum assay_status open_next(struct assay_keyholder_signing *h,
                                   const struct assay_keyholder_proof *proof,
                                   const struct assay_ca *ca,
                                   const struct assay_ceremony_holder *holder,
                                   struct assay_cosigner_time now)
{
    struct assay_derivation opened;
    const enum assay_status status = assay_derivation_open_next(&opened, proof, ca, &h->plan);
    if (status != ASSAY_OK ||
        assay_ca_holder_of_node(&ca->next.force, h->config.node_id) == UINT32_MAX) {
        assay_keyholder_signing_destroy(&h->next);
        return ASSAY_OK;
    }
    if (h->next == NULL) {
        ASSAY_TRY(assay_keyholder_signing_create(&h->config, &h->next));
        h->next->main = h;
    }
    return open_side(h->next, &opened, proof, ca, holder, now);
}

static bool is_in_force(const struct assay_keyholder_signing *h, const struct assay_ca *ca)
{
    const struct assay_ca_sharing *sharing = assay_ca_sharing_of(ca, h->group.ca_number);
    return sharing != NULL && sharing->generation == h->generation && ca->era == h->era;
}

/* docs/identity.md 3.15: a close that is not certified retires numbers, too. */
static void end_retired(struct assay_keyholder_signing *h, const struct assay_ca *ca)
{
    if (h->has_signer && !is_in_force(h, ca)) stop_side(h);
    if (h->next != NULL && h->next->has_signer && !is_in_force(h->next, ca))
        assay_keyholder_signing_destroy(&h->next);
}

enum assay_status assay_keyholder_signing_on_epoch(struct assay_keyholder_signing *host,
                                                   const struct assay_keyholder_proof *proof,
                                                   const struct assay_ca *ca,
                                                   const struct assay_ceremony_holder *holder,
                                                   const struct assay_registry_plan *plan,
                                                   struct assay_cosigner_time now)
{
    struct assay_keyholder_signing *h = host;
    struct assay_derivation opened;
    enum assay_status status = assay_derivation_open(&opened, proof, ca, plan);
    if (status == ASSAY_E_EARLY) { /* the certified epoch before counts */
        end_retired(h, ca);
        return ASSAY_OK;
    }
    /* After a change of the plan a state may still be of the one before. */
    if (status == ASSAY_OK) h->plan = *plan;
    if (status == ASSAY_OK || (status == ASSAY_E_STALE && h->plan.has_identity))
        status = assay_derivation_open(&opened, proof, ca, &h->plan);
    h->status.lacks_plan = status == ASSAY_E_STALE;
    if (status != ASSAY_OK) {
        assay_keyholder_signing_stop(h);
        return ASSAY_OK;
    }
    signing_load_certificates(h, ca, assay_keyholder_proof_at(proof), now.monotonic_ms);
    ASSAY_TRY(open_side(h, &opened, proof, ca, holder, now));
    return open_next(h, proof, ca, holder, now);
}

/* --- the signer */

void signing_send_frame(struct assay_keyholder_signing *h, const uint8_t to[static 32],
                        enum assay_signing_frame kind, struct assay_slice bytes)
{
    struct assay_writer w = assay_writer_over(h->frame, sizeof h->frame);
    if (h->main != NULL) assay_writer_u8(&w, ASSAY_SIGNING_FRAME_NEXT);
    assay_writer_u8(&w, (uint8_t)kind);
    assay_writer_put(&w, bytes.bytes, bytes.len);
    ASSAY_ASSERT(!w.full);
    h->config.send(h->config.context, to, assay_slice_over(h->frame, w.len));
}

bool signing_is_self(const struct assay_keyholder_signing *h, const uint8_t node_id[static 32])
{
    return assay_bytes_equal(node_id, h->config.node_id, 32);
}

/* Returns: as assay_holder_vault_append; not ASSAY_E_STORE: the journal refuses the entry */
static enum assay_status append_journal(struct assay_keyholder_signing *h)
{
    for (uint32_t i = 0; i < h->out.journal_count; i++)
        ASSAY_TRY(assay_holder_vault_append(
            h->config.vault, assay_slice_over(h->out.journal[i], h->out.journal_len[i])));
    return ASSAY_OK;
}

static enum assay_status run_signer(struct assay_keyholder_signing *h,
                                    const uint8_t from[static 32], struct assay_slice message,
                                    struct assay_cosigner_time now)
{
    struct assay_cosigner *s = &h->secrets->signer;
    struct assay_cosigner_entropy entropy = { .processor = { 0 } };
    uint8_t journal[32];
    assay_holder_vault_journal_digest(h->config.vault, journal);
    assay_cosigner_set_journal(s, journal); /* the other CA number appends to it, too */
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
    if (status == ASSAY_OK && h->out.action != ASSAY_COSIGNER_SEND) return ASSAY_OK;
    if (status == ASSAY_OK) status = append_journal(h);
    if (status == ASSAY_E_STORE) return status;
    if (status != ASSAY_OK) { /* also what would not fit the journal: other holders send it */
        h->status.refused++;
        h->status.last = status;
        return ASSAY_OK;
    }
    h->status.answered++;
    if (signing_is_self(h, from))
        assay_status_ignore(
            assay_coordinator_on_message(&h->coordinator, now.monotonic_ms, from, h->out.message),
            "the coordinator begins another session");
    else signing_send_frame(h, from, ASSAY_SIGNING_FRAME_MESSAGE, h->out.message);
    return ASSAY_OK;
}

/* --- certificates of keys */

static enum assay_status finish_text(struct assay_keyholder_signing *h, struct key_text *text,
                                     const uint8_t signature[static 64])
{
    struct assay_keyholder_signing *main = h->main != NULL ? h->main : h;
    uint8_t der[ASSAY_CREDENTIAL_CERTIFICATE_MAX];
    struct assay_slice whole;
    if (assay_credential_certificate(assay_slice_over(text->tbs, text->tbs_len), signature, der,
                                     sizeof der, &whole) != ASSAY_OK)
        return ASSAY_OK;
    ASSAY_TRY(h->config.certified(h->config.context, text->which, whole));
    ASSAY_TRY(signing_keep_certificate(main, text->which, signature));
    text->is_due = text->is_requested = false;
    main->status.certificates++;
    return ASSAY_OK;
}

/* Of another holder's coordinator: the text is this holder's own. */
static enum assay_status on_certificate(struct assay_keyholder_signing *h,
                                        struct assay_slice signature)
{
    for (uint32_t i = 0; signature.len == 64 && i < KEY_TEXTS; i++) {
        struct key_text *const text = &h->text[i];
        if (text->is_due &&
            assay_sodium_edwards_verify(h->group.key, assay_slice_over(text->tbs, text->tbs_len),
                                        signature.bytes))
            return finish_text(h, text, signature.bytes);
    }
    return ASSAY_OK;
}

/* --- the coordinator */

static enum assay_status end_text(struct assay_keyholder_signing *h, struct key_text *text,
                                  struct assay_cosigner_time now)
{
    const struct assay_coordinator_out *e = &h->effect;
    text->is_requested = false;
    text->due_ms = now.monotonic_ms + AGAIN_MS;
    if (e->status != ASSAY_OK || !text->is_due) return ASSAY_OK;
    for (uint32_t i = 0; i < h->group.holders; i++)
        if (i != h->place)
            signing_send_frame(h, h->group.holder[i].node_id, ASSAY_SIGNING_FRAME_CERTIFICATE,
                               assay_slice_over(e->signature[0], 64));
    return finish_text(h, text, e->signature[0]);
}

static enum assay_status end_request(struct assay_keyholder_signing *h,
                                     struct assay_cosigner_time now)
{
    const struct assay_coordinator_out *e = &h->effect;
    if (signing_end_issue(h)) return ASSAY_OK;
    if (h->workload.is_requested && e->request == h->workload.number)
        return signing_end_workload(h, now);
    for (uint32_t i = 0; i < KEY_TEXTS; i++)
        if (h->text[i].is_requested && e->request == h->text[i].number)
            return end_text(h, &h->text[i], now);
    return ASSAY_OK;
}

static enum assay_status send_round(struct assay_keyholder_signing *h,
                                    struct assay_cosigner_time now)
{
    const struct assay_coordinator_out *e = &h->effect;
    for (uint32_t i = 0; i < h->group.holders; i++)
        if (e->to[i] && i != h->place)
            signing_send_frame(h, h->group.holder[i].node_id, ASSAY_SIGNING_FRAME_MESSAGE,
                               e->message);
    return e->to[h->place] ? run_signer(h, h->config.node_id, e->message, now) : ASSAY_OK;
}

static enum assay_status run_coordinator(struct assay_keyholder_signing *h,
                                         struct assay_cosigner_time now)
{
    while (h->is_open && assay_coordinator_poll(&h->coordinator, now.monotonic_ms, &h->effect)) {
        if (h->effect.action == ASSAY_COORDINATOR_LIE)
            h->config.lie(h->config.context, h->group.ca_number, h->group.generation,
                          h->effect.message);
        else if (h->effect.action == ASSAY_COORDINATOR_ENDING) ASSAY_TRY(end_request(h, now));
        else if (h->effect.action == ASSAY_COORDINATOR_SEND) ASSAY_TRY(send_round(h, now));
    }
    return ASSAY_OK;
}

/* One at a time, before those of workload keys. */
static void request_texts(struct assay_keyholder_signing *h, struct assay_cosigner_time now)
{
    uint8_t bytes[64];
    if (h->workload.is_requested || h->text[OWN].is_requested || h->text[CROSS].is_requested)
        return;
    for (uint32_t i = 0; i < KEY_TEXTS; i++) {
        struct key_text *const text = &h->text[i];
        if (!text->is_due || now.monotonic_ms < text->due_ms) continue;
        const struct assay_slice item = key_item(text->product, bytes);
        text->is_requested = assay_coordinator_submit(&h->coordinator, now.monotonic_ms, &item, 1,
                                                      &text->number) == ASSAY_OK;
        if (text->is_requested) return;
        text->due_ms = now.monotonic_ms + AGAIN_MS;
    }
}

/* --- events */

/* What another holder wants of this one. Replies are to what this one requested, and few. Out: how
 * long it may take */
static bool is_work(const struct assay_keyholder_signing *h, const uint8_t from[static 32],
                    struct assay_slice frame, uint64_t *expected_us)
{
    struct assay_signing_message m;
    *expected_us = 0;
    if (frame.bytes[0] == ASSAY_SIGNING_FRAME_CERTIFICATE) return true;
    if (frame.bytes[0] != ASSAY_SIGNING_FRAME_MESSAGE ||
        assay_signing_decode(assay_slice_over(frame.bytes + 1, frame.len - 1), &m) != ASSAY_OK)
        return false;
    *expected_us = (uint64_t)COST_US * assay_cosigner_cost(&h->secrets->signer, from, &m);
    return m.kind == ASSAY_SIGNING_REQUEST || m.kind == ASSAY_SIGNING_LIST ||
           m.kind == ASSAY_SIGNING_ECHOES;
}

static enum assay_status work_on_frame(struct assay_keyholder_signing *h,
                                       const uint8_t from[static 32], struct assay_slice frame,
                                       struct assay_cosigner_time now)
{
    const struct assay_slice bytes = assay_slice_over(frame.bytes + 1, frame.len - 1);
    const uint64_t began_us = signing_cpu_us(h);
    const enum assay_status status = frame.bytes[0] == ASSAY_SIGNING_FRAME_CERTIFICATE
                                         ? on_certificate(h, bytes)
                                         : run_signer(h, from, bytes, now);
    signing_note_work(h, from, signing_cpu_us(h) - began_us);
    return status;
}

static enum assay_status on_side_frame(struct assay_keyholder_signing *h,
                                       const uint8_t from[static 32], struct assay_slice frame,
                                       struct assay_cosigner_time now)
{
    uint64_t expected_us = 0;
    if (!h->is_open || frame.len < 2) return ASSAY_OK;
    if (is_work(h, from, frame, &expected_us)) {
        if (signing_may_work(h, from, expected_us, now.monotonic_ms))
            return work_on_frame(h, from, frame, now);
        h->status.refused++;
        h->status.last = ASSAY_E_RATE;
        return ASSAY_OK;
    }
    if (frame.bytes[0] != ASSAY_SIGNING_FRAME_MESSAGE) return ASSAY_OK;
    assay_status_ignore(
        assay_coordinator_on_message(&h->coordinator, now.monotonic_ms, from,
                                     assay_slice_over(frame.bytes + 1, frame.len - 1)),
        "the coordinator begins another session");
    return run_coordinator(h, now);
}

enum assay_status assay_keyholder_signing_on_frame(struct assay_keyholder_signing *host,
                                                   const uint8_t from[static 32],
                                                   struct assay_slice frame,
                                                   struct assay_cosigner_time now)
{
    struct assay_keyholder_signing *h = host;
    if (frame.len < 2 || signing_is_self(h, from)) return ASSAY_OK;
    const struct assay_slice bytes = assay_slice_over(frame.bytes + 1, frame.len - 1);
    if (frame.bytes[0] == ASSAY_SIGNING_FRAME_NEXT)
        return h->next != NULL ? on_side_frame(h->next, from, bytes, now) : ASSAY_OK;
    if (!h->is_open) return ASSAY_OK;
    if (frame.bytes[0] == ASSAY_SIGNING_FRAME_STORED) return signing_on_stored(h, from, bytes);
    if (frame.bytes[0] == ASSAY_SIGNING_FRAME_WANT) signing_on_want(h, from, bytes);
    return on_side_frame(h, from, frame, now);
}

static enum assay_status tick_side(struct assay_keyholder_signing *h,
                                   struct assay_cosigner_time now)
{
    if (!h->is_open) return ASSAY_OK;
    assay_cosigner_on_tick(&h->secrets->signer, now);
    request_texts(h, now);
    signing_request_certificates(h, now.monotonic_ms);
    signing_request_workload(h, now);
    return run_coordinator(h, now);
}

enum assay_status assay_keyholder_signing_on_tick(struct assay_keyholder_signing *host,
                                                  struct assay_cosigner_time now)
{
    ASSAY_TRY(tick_side(host, now));
    return host->next != NULL ? tick_side(host->next, now) : ASSAY_OK;
}
