/*
 * net/services/continuity/enclave_ledger.c - the ledger as an enclave verifies it: closed epochs by
 * a light client, the group's view and the own row by proofs, and the records that the enclave
 * submits (docs/services.md 4.4, 9).
 *
 * What the daemon says without proof decides when something is requested, and nothing else.
 */
#include "net/services/continuity/enclave_internal.h"

#include "base/assert.h"
#include "base/checked.h"

#include <stdio.h>
#include <string.h>

enum {
    SUBMIT_AGAIN_MS = 1000,
    ASK_AGAIN_MS = 3000,
    GUESSES_MAX = 4, /* sessions of one instance in one epoch (docs/services.md 1.3) */
};

static void set_why(struct assay_enclave *e, const char *why, size_t len)
{
    if (len > ASSAY_SERVICE_WHY_MAX) len = ASSAY_SERVICE_WHY_MAX;
    assay_bytes_copy(e->why, sizeof e->why, why, len);
    ASSAY_ASSERT(len < sizeof e->why);
    e->why[len] = '\0';
}

void enclave_set_why(struct assay_enclave *e, const char *why)
{
    set_why(e, why, strlen(why));
}

static void set_refusal(struct assay_enclave *e, enum assay_enclave_result result, const char *why)
{
    ASSAY_ASSERT(result != ASSAY_ENCLAVE_OK);
    e->refusal = result;
    enclave_set_why(e, why);
}

static struct assay_cont_home home_of(const struct assay_enclave *e)
{
    struct assay_cont_home home = { .group = e->identity.group };
    assay_bytes_copy(home.chain_id, 32, e->identity.chain_id, 32);
    return home;
}

/* --- the instance */

/* docs/services.md 1.2.1 */
static bool may_be_born(const struct assay_enclave *e)
{
    const struct assay_cont_birth *birth = &e->identity.birth;
    return birth->era == e->light.at.era && birth->epoch <= e->light.at.epoch &&
           e->light.at.epoch - birth->epoch <= ASSAY_CONT_BIRTH_EPOCHS;
}

static void set_name(struct assay_enclave *e)
{
    const struct assay_cont_home home = home_of(e);
    assay_cont_instance(&home, &e->identity.birth, e->instance_key, e->instance);
    e->named = true;
}

/* docs/services.md 1.2.1: a birth belongs to the trusted epoch; a key is used for one birth, so
 * another birth generates another. */
static void start_birth(struct assay_enclave *e)
{
    ASSAY_ASSERT(e->is_birth && !e->numbered);
    if (e->named && enclave_load_key(e) != ASSAY_OK) e->failed = true;
    e->is_submitted = false; /* a result of the instance before is none of this one */
    e->identity.birth =
        (struct assay_cont_birth){ .era = e->light.at.era, .epoch = e->light.at.epoch };
    set_name(e);
}

/* --- the owner's checkpoint */

static bool is_later(const struct assay_checkpoint *a, const struct assay_checkpoint *b)
{
    return a->era != b->era ? a->era > b->era : a->epoch > b->epoch;
}

enum assay_status enclave_set_later(struct assay_enclave *e,
                                    const struct assay_enclave_config *config,
                                    char message[static ASSAY_ENCLAVE_MESSAGE_LEN])
{
    uint8_t digest[32];
    if (config->later.len == 0) return ASSAY_OK;
    (void)snprintf(message, ASSAY_ENCLAVE_MESSAGE_LEN,
                   "the owner's checkpoint cannot be read, or is of another network");
    ASSAY_TRY(assay_checkpoint_decode(config->later, &e->later_at));
    if (!assay_bytes_equal(e->later_at.chain_id, e->identity.chain_id, 32)) return ASSAY_E_CHAIN;
    (void)snprintf(message, ASSAY_ENCLAVE_MESSAGE_LEN,
                   "the checkpoint is not signed by the pinned key of the owner");
    if (config->owner == NULL) return ASSAY_E_SIGNATURE;
    assay_light_owner_digest(config->later, digest);
    if (!assay_cont_verify_signature(config->owner, digest, config->later_signature))
        return ASSAY_E_SIGNATURE;
    if (!is_later(&e->later_at, &config->trust->checkpoint)) return ASSAY_OK;
    assay_bytes_copy(e->later, sizeof e->later, config->later.bytes, config->later.len);
    assay_bytes_copy(e->later_signature, sizeof e->later_signature, config->later_signature,
                     ASSAY_P256_SIGNATURE_LEN);
    e->later_len = config->later.len;
    return ASSAY_OK;
}

/* Its rows come from the daemon. */
static bool request_later(const struct assay_enclave *e, struct assay_service_message *m)
{
    *m = (struct assay_service_message){ .verb = ASSAY_SERVICE_PROVE,
                                         .era = e->later_at.era,
                                         .epoch = e->later_at.epoch,
                                         .with_voters = true };
    return e->later_len > 0;
}

static enum assay_status on_later(struct assay_enclave *e, const struct assay_service_message *m)
{
    ASSAY_ASSERT(e->later_len > 0);
    if (m->epoch != e->later_at.epoch) return ASSAY_E_EARLY;
    if (m->voters.len == 0) return ASSAY_E_NOT_FOUND;
    e->feed.answer = assay_light_take_checkpoint(
        &e->light, assay_slice_over(e->later, e->later_len), e->later_signature, m->voters);
    if (e->feed.answer != ASSAY_LIGHT_TAKEN) return ASSAY_E_INVALID;
    e->later_len = 0;
    e->trusts_view = true;
    /* Its own boundary names the documents, before any later one is closed. */
    if (m->boundary.len > 0)
        e->feed.answer = assay_light_take_base(&e->light, m->boundary, m->voters);
    return ASSAY_OK;
}

/* --- proofs */

static bool has_row_of_now(const struct assay_enclave *e)
{
    return e->proven.is_set && e->proven.epoch == e->light.at.epoch &&
           assay_bytes_equal(e->proven.instance, e->instance, 32);
}

static void on_proof(void *context, const struct assay_service_message *m)
{
    struct assay_enclave *e = context;
    if (!e->is_proof_requested) return;
    const enum assay_status status =
        e->later_len > 0 ? on_later(e, m)
                         : assay_enclave_feed_on_proof(&e->feed, e->asked_closed, m);
    if (status == ASSAY_E_EARLY) return; /* of another request */
    e->is_proof_requested = false;
    if (status == ASSAY_OK) e->unverified.is_other_era = false;
    if (status == ASSAY_E_NOT_FOUND) enclave_set_why(e, "the daemon does not store the epoch");
    if (status != ASSAY_E_INVALID) return;
    const char *const why = assay_light_text(e->feed.answer);
    enclave_set_why(e, why);
    e->asked_ms = e->now_ms; /* refused: not requested again at once */
    e->is_proof_requested = true;
    if (e->feed.answer == ASSAY_LIGHT_OTHER_ERA && !e->unverified.is_other_era)
        e->unverified = (struct enclave_unverified_keep){ .is_other_era = true };
    if (e->numbered) return;
    if (e->feed.answer == ASSAY_LIGHT_OTHER_ERA) set_refusal(e, ASSAY_ENCLAVE_OTHER_ERA, why);
    if (e->feed.answer == ASSAY_LIGHT_TRUST_EXPIRED)
        set_refusal(e, ASSAY_ENCLAVE_TRUST_EXPIRED, why);
}

/* Of a session that runs. */
static void apply_row(struct assay_enclave *e, struct assay_slice head, struct assay_slice proof)
{
    struct assay_cont_row_proven proven;
    const struct assay_cont_row_proven *row = &e->proven.row;
    const enum assay_status status =
        assay_cont_client_row(&e->client, head, proof, &proven, &e->outs);
    enclave_execute(e);
    if (e->light.at.epoch <= e->numbered_from) return;
    /* The number was a guess that the ledger does not confirm: the daemon said what is not so, or
     * a RECOVER undid it. A client that a quorum has answered goes on as long as that serves. */
    const bool is_own = row->has_row && status == ASSAY_OK &&
                        assay_bytes_equal(row->row.contact.curve, e->contact.curve, 32);
    if (!is_own && e->client.phase == ASSAY_CONT_OPENING) e->numbered = false;
    else if (!row->has_row && !e->retires) e->no_row = true;
}

static void on_row(void *context, const struct assay_service_message *m)
{
    struct assay_enclave *e = context;
    struct enclave_proven next = { .is_set = true, .epoch = e->light.at.epoch };
    if (!e->is_row_requested || !assay_bytes_equal(m->root, e->instance, 32)) return;
    e->is_row_requested = false;
    if (m->epoch != e->light.at.epoch || !e->light.has_state) return; /* requested again */
    assay_bytes_copy(next.instance, 32, e->instance, 32);
    if (assay_light_read_view(&e->light, e->identity.group, m->document, &next.view) != ASSAY_OK ||
        assay_light_read_row(&e->light, e->identity.group, m->document, e->instance, m->row,
                             &next.row) != ASSAY_OK) {
        enclave_set_why(e, "the group and row that the daemon shows are not of the epoch");
        e->is_row_requested = true; /* not requested again at once */
        e->asked_ms = e->now_ms;
        return;
    }
    e->proven = next;
    e->gone = e->gone || next.view.phase == ASSAY_CONT_GONE;
    /* The row of a retired instance stays while its birth is valid (docs/services.md 1.2.2). A
     * close without the row is of before its first session, as long as it may still be born. */
    e->retired = next.row.has_row ? next.row.row.retired : e->retires && !may_be_born(e);
    e->kept = e->kept || (next.row.has_row && next.row.row.kept);
    if (e->numbered) apply_row(e, m->document, m->row);
    else if (!next.row.has_row && !e->is_birth && !may_be_born(e)) e->no_row = true;
}

static void ask_again(struct assay_enclave *e)
{
    if (e->now_ms - e->asked_ms < ASK_AGAIN_MS) return;
    e->is_proof_requested = e->is_row_requested = false;
}

static void send_request(struct assay_enclave *e, const struct assay_service_message *m,
                         bool *is_requested)
{
    if (assay_follower_request(e->follower, m) != ASSAY_OK) return;
    e->asked_ms = e->now_ms;
    *is_requested = true;
}

/* One request at a time: the next epoch, then the row under it. */
static void request_next(struct assay_enclave *e, uint64_t closed)
{
    struct assay_service_message m;
    ask_again(e);
    if (e->is_proof_requested || e->is_row_requested) return;
    e->asked_closed = closed;
    if (request_later(e, &m) || assay_enclave_feed_next(&e->feed, closed, &m)) {
        send_request(e, &m, &e->is_proof_requested);
        return;
    }
    if (!e->light.has_state) return; /* of genesis, or of a checkpoint that is not stored */
    if (e->is_birth && !e->numbered && (!e->named || !may_be_born(e))) start_birth(e);
    else if (!e->named) set_name(e);
    if (e->failed || has_row_of_now(e)) return;
    m = (struct assay_service_message){ .verb = ASSAY_SERVICE_ROW };
    assay_bytes_copy(m.root, 32, e->instance, 32);
    send_request(e, &m, &e->is_row_requested);
}

/* --- records */

static void submit_record(struct assay_enclave *e, enum assay_service_kind kind,
                          struct assay_slice payload)
{
    ASSAY_ASSERT(payload.len > 0);
    assay_status_ignore(assay_follower_submit(e->follower, kind, payload),
                        "handed in again until the ledger shows it");
}

static void submit_session(struct assay_enclave *e, const uint8_t *node)
{
    const struct assay_cont_home home = home_of(e);
    struct assay_cont_session_record record = { .group = e->identity.group,
                                                .birth = e->identity.birth,
                                                .lease = e->lease,
                                                .contact = e->contact,
                                                .expected = e->expected };
    uint8_t digest[32], bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    ASSAY_ASSERT(!e->numbered && e->expected > 0);
    assay_bytes_copy(record.instance_key, sizeof record.instance_key, e->instance_key,
                     sizeof e->instance_key);
    assay_cont_link_name(&e->link_seed, &record.link, &record.contact);
    assay_cont_session_statement(&home, node, &record, digest);
    assay_sodium_link_sign(&e->link_seed, digest, record.link.signature);
    if (assay_p256_sign(e->signer, digest, record.signature) != ASSAY_OK) {
        e->failed = true;
        return;
    }
    const enum assay_status status =
        assay_cont_session_record_encode(&record, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(payload.bytes, payload.len, e->submitted);
    e->is_submitted = true;
    submit_record(e, ASSAY_SERVICE_SESSION, payload);
}

static uint64_t next_number(const struct assay_enclave *e)
{
    const struct assay_cont_row_proven *row = &e->proven.row;
    return assay_cont_number_next(e->light.at.era, row->has_row ? row->row.session : 0);
}

static void request_session(struct assay_enclave *e)
{
    const uint8_t *const node = assay_follower_node(e->follower);
    if (e->now_ms < e->submit_at_ms || e->proven.view.phase == ASSAY_CONT_FORMING) return;
    e->submit_at_ms = e->now_ms + SUBMIT_AGAIN_MS;
    if (e->proven.epoch < e->submit_epoch) return;
    if (node == NULL) {
        set_refusal(e, ASSAY_ENCLAVE_NO_STANDING, "the daemon has no slot that may serve");
        return;
    }
    const uint64_t least = next_number(e);
    if (e->expected < least || e->expected - least > GUESSES_MAX) e->expected = least;
    submit_session(e, node);
}

static bool is_own(const struct assay_enclave *e, const struct assay_service_message *m)
{
    return e->is_submitted && m->kind == ASSAY_SERVICE_SESSION &&
           assay_bytes_equal(m->root, e->submitted, 32);
}

/* A close after the newest one that the daemon has shown has the row of that session. */
static void start_numbered(struct assay_enclave *e, uint64_t session)
{
    const struct assay_follower_state *const state = assay_follower_state(e->follower);
    ASSAY_ASSERT(!e->numbered && state != NULL);
    enclave_start_session(e, session);
    e->numbered_from = assay_max_u64(e->light.at.epoch, state->epoch);
}

/* A hint, as is all of docs/services.md 4.4.5. */
static void on_keep_result(struct assay_enclave *e, const char *word)
{
    const struct assay_follower_state *const state = assay_follower_state(e->follower);
    if (state == NULL || (strcmp(word, "applied") != 0 && strcmp(word, "same") != 0)) return;
    e->unverified.epoch = state->epoch;
    e->unverified.index = e->unverified.submitted_index;
}

/* A hint: what replicas answer decides whether the ledger has numbered the session. */
static void on_result(void *context, const struct assay_service_message *m)
{
    static const struct {
        const char *word;
        enum assay_enclave_result result;
    } names[] = {
        { "no-room", ASSAY_ENCLAVE_NO_ROOM },   { "quota", ASSAY_ENCLAVE_QUOTA },
        { "clones", ASSAY_ENCLAVE_CLONES },     { "not-here", ASSAY_ENCLAVE_NO_STANDING },
        { "gone-row", ASSAY_ENCLAVE_REFUSED },  { "retired", ASSAY_ENCLAVE_REFUSED },
        { "not-yours", ASSAY_ENCLAVE_REFUSED },
    };
    struct assay_enclave *e = context;
    char word[ASSAY_SERVICE_WORD_MAX + 1] = "";
    assay_bytes_copy(word, sizeof word - 1, m->word.bytes, m->word.len);
    if (m->kind == ASSAY_SERVICE_KEEP && e->unverified.submitted_index > 0 &&
        assay_bytes_equal(m->root, e->unverified.submitted, 32))
        on_keep_result(e, word);
    if (e->numbered || !is_own(e, m)) return;
    if (strcmp(word, "applied") == 0) {
        start_numbered(e, e->expected);
        return;
    }
    /* Another session of this epoch has the number: no closed epoch shows it yet. */
    if (strcmp(word, "expected") == 0) {
        e->expected++;
        e->submit_at_ms = e->now_ms;
    }
    /* No other party can sign for the link key of this process. An earlier record of its own was
     * applied, and the next close shows its row. */
    if (strcmp(word, "key-taken") == 0) e->submit_epoch = e->proven.epoch + 1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].word, word) == 0) {
            /* An expired birth: the next turn makes one of a later epoch. */
            if (e->is_birth && strcmp(word, "gone-row") == 0) return;
            set_refusal(e, names[i].result, word);
        }
}

static void on_refused(void *context, enum assay_service_kind kind, struct assay_slice why)
{
    struct assay_enclave *e = context;
    set_why(e, (const char *)why.bytes, why.len);
    if (!e->numbered && kind == ASSAY_SERVICE_SESSION) e->refusal = ASSAY_ENCLAVE_REFUSED;
}

/* Closes since the instance last had a session numbered, or proved a newer state, are half of its
 * lease (docs/services.md 1.2.2). */
static bool is_lease_due(const struct assay_enclave *e, const struct assay_cont_instance_row *row)
{
    const uint64_t last = assay_max_u64(row->epoch, row->renewed);
    return row->lease > 0 && e->proven.epoch > last && e->proven.epoch - last >= row->lease / 2;
}

/* Whether a certified state exists that the ledger has not seen, and needs. */
static bool needs_keep(const struct assay_enclave *e, const struct assay_cont_instance_row *row)
{
    ASSAY_ASSERT(e->numbered);
    if (e->client.phase != ASSAY_CONT_RUNNING || e->client.certified <= row->shown) return false;
    return !row->kept || is_lease_due(e, row);
}

/* docs/services.md 4.4.5: the RECOVER may have undone the last KEEP, and closes of its era, by
 * which a lease is counted, cannot be verified. A KEEP that was not due changes nothing. */
static bool needs_unverified_keep(const struct assay_enclave *e,
                                  const struct assay_cont_instance_row *row)
{
    const struct assay_follower_state *const state = assay_follower_state(e->follower);
    const struct enclave_unverified_keep *last = &e->unverified;
    if (!last->is_other_era || state == NULL || e->client.phase != ASSAY_CONT_RUNNING ||
        e->client.certified <= last->index)
        return false;
    return last->epoch == 0 || (row->lease > 0 && state->epoch > last->epoch &&
                                state->epoch - last->epoch >= row->lease / 2);
}

static bool has_receipt(const struct assay_enclave *e, uint64_t shown)
{
    const struct assay_cont_receipt *receipt = &e->client.receipt;
    const struct assay_cont_roster *roster = &e->client.config.roster;
    return !e->client.ask_receipt.asked && receipt->entry.index > shown &&
           receipt->view == roster->view && receipt->count >= assay_cont_quorum(roster->count);
}

/* docs/services.md 1.2.2: the row of a new instance is provisional until a certified state of it is
 * proven to the ledger, and newer ones renew a lease. A RECOVER may have undone that. The row is
 * proven by a close; before the first one it is as SESSION has made it. */
static void submit_keep(struct assay_enclave *e)
{
    static const struct assay_cont_instance_row fresh;
    if (!e->numbered || !e->proven.is_set || e->now_ms < e->keep_at_ms) return;
    const struct assay_cont_instance_row *row = e->proven.row.has_row ? &e->proven.row.row : &fresh;
    const bool is_unverified = needs_unverified_keep(e, row);
    const uint64_t shown = is_unverified ? e->unverified.index : row->shown;
    if (!is_unverified && !needs_keep(e, row)) return;
    /* After a hand-over the ledger may lag: it accepts receipts of its own view. */
    if (e->client.config.roster.view < e->proven.view.roster.view) return;
    if (!has_receipt(e, shown)) {
        uint8_t nonce[32];
        if (e->client.ask_receipt.asked || !enclave_generate_nonce(e, nonce)) return;
        if (assay_cont_client_receipt(&e->client, nonce, e->now_ms, &e->outs) == ASSAY_OK)
            enclave_execute(e);
        return;
    }
    const struct assay_cont_keep_record record = { .group = e->identity.group,
                                                   .roster = e->client.config.roster,
                                                   .receipt = e->client.receipt };
    uint8_t bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    const enum assay_status status =
        assay_cont_keep_record_encode(&record, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    e->keep_at_ms = e->now_ms + SUBMIT_AGAIN_MS;
    assay_sha256(payload.bytes, payload.len, e->unverified.submitted);
    e->unverified.submitted_index = e->client.receipt.entry.index;
    submit_record(e, ASSAY_SERVICE_KEEP, payload);
}

enum assay_status enclave_submit_retire(struct assay_enclave *e)
{
    const struct assay_cont_home home = home_of(e);
    struct assay_cont_retire_record record = { .group = e->identity.group,
                                               .birth = e->identity.birth,
                                               .session = e->client.config.session };
    uint8_t digest[32], bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    ASSAY_ASSERT(e->numbered);
    assay_bytes_copy(record.instance_key, sizeof record.instance_key, e->instance_key,
                     sizeof e->instance_key);
    assay_cont_retire_statement(&home, &record, digest);
    ASSAY_TRY(assay_p256_sign(e->signer, digest, record.signature));
    const enum assay_status status =
        assay_cont_retire_record_encode(&record, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    submit_record(e, ASSAY_SERVICE_RETIRE, payload);
    e->retires = true;
    return ASSAY_OK;
}

/* --- turn */

enum assay_status enclave_open_ledger(struct assay_enclave *e,
                                      const struct assay_enclave_config *config)
{
    const struct assay_follower_config follower = {
        .path = config->ledger,
        .role = ASSAY_SERVICE_ROLE_ENCLAVE,
        .group = config->group,
        .callbacks = { .proof = on_proof,
                       .row = on_row,
                       .result = on_result,
                       .refused = on_refused },
        .context = e,
    };
    assay_light_init(&e->light, &config->trust->checkpoint, config->owner);
    assay_enclave_feed_init(&e->feed, &e->light);
    return assay_follower_create(&follower, &e->follower);
}

/* Returns: why nothing is received from the daemon; "" when something is. */
static const char *fault_of_socket(const struct assay_enclave *e, enum assay_status status)
{
    if (assay_follower_poll(e->follower).fd >= 0) return "";
    if (status == ASSAY_E_NOT_FOUND) return "no daemon listens at the ledger's socket";
    if (status == ASSAY_E_STRANGER) return "this user may not connect to the daemon's socket";
    if (status == ASSAY_E_FULL) return "all places of the daemon's socket are taken";
    if (status == ASSAY_E_RANGE) return "the path of the daemon's socket is too long";
    if (status == ASSAY_E_CHAIN) return "the daemon shows another ledger than before, or an older";
    return status == ASSAY_OK ? e->socket_fault : "the daemon has closed the connection";
}

void enclave_step_ledger(struct assay_enclave *e)
{
    const enum assay_status status = assay_follower_step(e->follower, e->now_ms);
    const struct assay_follower_state *const state = assay_follower_state(e->follower);
    if (status != ASSAY_OK)
        e->is_proof_requested = e->is_row_requested = false; /* unanswered for ever */
    e->socket_fault = fault_of_socket(e, status);
    if (status == ASSAY_E_UNSUPPORTED)
        enclave_set_why(e, "the daemon is of an earlier release, or has no such group yet");
    if (state == NULL) return;
    e->elsewhere = !assay_bytes_equal(e->identity.chain_id, state->chain_id, 32);
    if (e->elsewhere) return;
    if (assay_follower_follows(e->follower)) request_next(e, state->epoch);
    if (!e->named || !has_row_of_now(e)) return;
    if (e->numbered) submit_keep(e);
    else if (!e->no_row && !e->retired) {
        const struct assay_cont_row_proven *row = &e->proven.row;
        if (row->has_row && assay_bytes_equal(row->row.contact.curve, e->contact.curve, 32))
            start_numbered(e, row->row.session);
        else request_session(e);
    }
}

uint64_t enclave_ledger_wake_at(const struct assay_enclave *e)
{
    uint64_t due = UINT64_MAX;
    if (e->is_proof_requested || e->is_row_requested) due = e->asked_ms + ASK_AGAIN_MS;
    if (!e->numbered && e->named && has_row_of_now(e) && e->proven.view.phase != ASSAY_CONT_FORMING)
        due = assay_min_u64(due, assay_max_u64(e->submit_at_ms, e->now_ms + 1));
    if (e->numbered && !e->kept && e->client.certified > 0)
        due = assay_min_u64(due, assay_max_u64(e->keep_at_ms, e->now_ms + 1));
    if (assay_follower_poll(e->follower).fd < 0)
        due = assay_min_u64(due, e->now_ms + ASSAY_FOLLOWER_REDIAL_MS);
    return due;
}
