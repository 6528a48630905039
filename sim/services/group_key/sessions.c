/*
 * sim/services/group_key/sessions.c - signer and coordinator of the holder on each node, and their
 * host: what is durable, frames over links, requests in each epoch (docs/identity.md 4), as
 * net/services/identity/signing_host.c has them.
 */
#include "sim/services/group_key/sessions.h"

#include "base/merkle.h"
#include "engine/parts/engine_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    CLOCK_MS = 1000000,
    AGAIN_SIGN_MS = 1000,
    SPREAD_MS = 10000, /* of certificates of workload keys */
    TURN_MS = 1500,    /* of a holder, for the certificate of the key */
    SIGNATURE_LEN = 64,
};

static bool is_on(const struct assay_sim_services *s)
{
    return s->load->key_sessions;
}

struct assay_cosigner_time key_sessions_time(const struct assay_sim_services *s)
{
    const uint64_t now = CLOCK_MS + services_now(s);
    return (struct assay_cosigner_time){ .monotonic_ms = now, .wall_ms = now };
}

static uint64_t now_of(const struct key_host *k)
{
    return key_sessions_time(k->s).monotonic_ms;
}

/* --- items */

bool key_sessions_prove(struct key_host *k, struct assay_prove *prove)
{
    struct assay_store *store = k->s->world.store(k->s->world.context, k->node);
    void *memory = k->s->group_key->sessions->prove;
    return store != NULL && assay_prove_open(prove, store, memory, NODES) == ASSAY_OK;
}

static bool find_key(const struct assay_declared_keys *keys, enum assay_declared_purpose purpose,
                     struct assay_slice name, uint32_t *place)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        if (keys->keys[i].purpose != purpose ||
            (name.len > 0 && !assay_slice_equal(keys->keys[i].name, name)))
            continue;
        *place = i;
        return true;
    }
    return false;
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
    ASSAY_ASSERT(status == ASSAY_OK);
    entry->path_len = (uint32_t)len;
}

size_t key_sessions_write_item(const struct assay_prove *prove, uint32_t slot,
                               enum assay_credential_product product, struct assay_slice keys,
                               struct assay_slice declared, uint8_t bytes[static SESSION_ITEM_MAX])
{
    const enum assay_declared_purpose purpose =
        product == ASSAY_CREDENTIAL_TOKEN ? ASSAY_PURPOSE_TOKEN : ASSAY_PURPOSE_TLS;
    uint8_t proof[SESSION_ITEM_MAX / 2];
    struct assay_declared_keys listed, newest;
    struct assay_derivation_item item = { .product = product };
    struct assay_writer p = assay_writer_over(proof, sizeof proof);
    struct assay_writer w = assay_writer_over(bytes, SESSION_ITEM_MAX);
    uint32_t place = 0, same = 0;
    if (keys.len == 0 || assay_declared_keys_decode(keys, &listed) != ASSAY_OK ||
        !find_key(&listed, purpose, (struct assay_slice){ 0 }, &place) ||
        assay_prove_member(prove, slot, true, &p) != ASSAY_OK)
        return 0;
    item.proof = assay_slice_over(proof, p.len);
    set_entry(&listed, place, &item.listed);
    if (declared.len > 0 && assay_declared_keys_decode(declared, &newest) == ASSAY_OK &&
        find_key(&newest, purpose, listed.keys[place].name, &same))
        set_entry(&newest, same, &item.declared);
    return assay_derivation_encode(&item, &w) == ASSAY_OK ? w.len : 0;
}

static size_t write_own_item(struct key_host *k, const struct assay_state *state,
                             enum assay_credential_product product,
                             uint8_t bytes[static SESSION_ITEM_MAX])
{
    const struct assay_declaration *d = &state->members[k->node].declaration;
    struct assay_prove prove;
    if (d->keys_epoch == 0 || d->count == 0 || !key_sessions_prove(k, &prove)) return 0;
    const struct assay_slice keys =
        k->s->world.declared(k->s->world.context, k->node, d->keys_root);
    const bool is_newest = assay_bytes_equal(d->roots[0].root, d->keys_root, 32);
    const struct assay_slice declared =
        is_newest ? (struct assay_slice){ 0 }
                  : k->s->world.declared(k->s->world.context, k->node, d->roots[0].root);
    return key_sessions_write_item(&prove, k->node, product, keys, declared, bytes);
}

static size_t write_key_item(enum assay_credential_product product,
                             uint8_t bytes[static SESSION_ITEM_MAX])
{
    const struct assay_derivation_item item = { .product = product };
    struct assay_writer w = assay_writer_over(bytes, SESSION_ITEM_MAX);
    const enum assay_status status = assay_derivation_encode(&item, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    return w.len;
}

/* --- epochs */

static void use_side(struct key_host *k, uint32_t side)
{
    k->sessions = k->side[side];
}

static void stop_side(struct key_sessions *h)
{
    if (h->has_signer) assay_cosigner_wipe(&h->signer);
    assay_secret_wipe(h->share, sizeof h->share);
    h->is_open = h->has_signer = false;
    for (uint32_t i = 0; i < TEXTS; i++)
        h->want[i] = (struct session_want){ .since_ms = 0 };
    h->copy.has = h->hostile.runs = false;
}

void key_sessions_stop(struct key_host *k)
{
    for (uint32_t i = 0; i < SIDES && k->side[i] != NULL; i++)
        stop_side(k->side[i]);
}

static void init_side(struct key_host *k)
{
    struct key_sessions *h = k->sessions;
    uint8_t random[32];
    const struct assay_cosigner_memory memory = { .slot = h->slot,
                                                  .nonces = h->nonces,
                                                  .slots = ASSAY_COSIGNER_PLACES * h->group.holders,
                                                  .row = h->row,
                                                  .rows = SESSION_ROWS,
                                                  .join = h->join,
                                                  .joins = SESSION_JOINS };
    assay_cosigner_init(&h->signer, &h->group, h->place, h->share, &k->seed, &memory,
                        k->disk.signed_era, k->disk.signed_epoch, k->disk.journal.digest);
    assay_cosigner_set_derive(&h->signer, assay_derivation_derive, &h->derivation);
    assay_cosigner_set_link(&h->signer, k->holder->config.link_key);
    services_bytes(&k->random, random, sizeof random);
    assay_coordinator_init(&h->coordinator, &h->group, k->node_id, h->request, SESSION_REQUESTS,
                           random);
    assay_coordinator_set_derive(&h->coordinator, assay_derivation_derive, &h->derivation);
    h->has_signer = true;
    h->generation = h->group.generation;
    h->era = h->group.era;
}

/* What the holder verified of its ledger: here, the state of its node. */
static bool open_derivation(struct key_host *k, const struct assay_state *state,
                            struct assay_derivation *d)
{
    const struct assay_ca *ca = &k->closed;
    const struct assay_registry_plan *plan = &k->s->plan;
    if (ca->ca_number == 0 || ca->key_lost) return false;
    *d = (struct assay_derivation){
        .is_open = true,
        .is_first = assay_derivation_is_first(ca, state->epoch),
        .is_late = state->epoch != ca->since && state->epoch != ca->active_since,
        .ca = { .number = ca->ca_number,
                .trust_domain = assay_slice_over(plan->identity.trust_domain,
                                                 strlen(plan->identity.trust_domain)),
                .issuer = assay_slice_over(plan->identity.issuer, strlen(plan->identity.issuer)),
                .validity_s = plan->identity.validity_s },
        .plan = plan,
    };
    assay_checkpoint_of(state, &d->at);
    assay_bytes_copy(d->ca.chain_id, 32, ca->chain_id, 32);
    assay_bytes_copy(d->ca.public_key, 32, ca->key, 32);
    if (ca->next.number == 0) return true;
    d->next = d->ca;
    d->next.number = ca->next.number;
    assay_bytes_copy(d->next.public_key, 32, ca->next.key, 32);
    return true;
}

static void set_want(struct key_host *k, enum session_text text, size_t len, uint64_t turn_ms)
{
    struct key_sessions *h = k->sessions;
    struct session_want *w = &h->want[text];
    struct assay_cosigner_item derived;
    uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX];
    const bool fits =
        len > 0 && assay_derivation_derive(&h->derivation, assay_slice_over(w->item, len), tbs,
                                           sizeof tbs, &derived) == ASSAY_OK;
    w->len = len;
    w->is_requested = false;
    w->is_wanted = fits;
    if (!fits) w->since_ms = 0;
    else if (w->since_ms == 0) w->since_ms = now_of(k);
    w->turn_ms = w->due_ms = now_of(k) + turn_ms;
}

/* A hostile host shows it in later epochs. */
static void keep_item(struct key_sessions *h)
{
    const struct session_want *w = &h->want[TEXT_LEAF];
    if (w->len == 0) return;
    const uint32_t at = h->old_items++ % SESSION_OLD_ITEMS;
    h->old_item[at].len = w->len;
    assay_bytes_copy(h->old_item[at].bytes, SESSION_ITEM_MAX, w->item, w->len);
}

/* docs/identity.md 4.17: holders begin one after the other. */
static uint64_t get_turn_ms(const struct key_sessions *h)
{
    const uint64_t half = h->coordinator.epoch.period_ms / 2;
    return (half < SPREAD_MS ? half : SPREAD_MS) * h->place / h->group.holders;
}

static void plan_workload(struct key_host *k, const struct assay_state *state)
{
    struct key_sessions *h = k->sessions;
    const uint64_t turn = get_turn_ms(h);
    set_want(k, TEXT_LEAF, write_own_item(k, state, ASSAY_CREDENTIAL_LEAF, h->want[TEXT_LEAF].item),
             turn);
    set_want(k, TEXT_TOKEN,
             write_own_item(k, state, ASSAY_CREDENTIAL_TOKEN, h->want[TEXT_TOKEN].item), turn);
    keep_item(h);
}

/* --- certificates of keys */

static bool is_certified(const struct key_host *k, uint64_t generation)
{
    for (uint32_t i = 0; i < KEY_CERTIFIED && i < k->certifieds; i++)
        if (k->certified[i] == generation) return true;
    return false;
}

static void note_certified(struct key_host *k, enum session_text text)
{
    const struct key_sessions *h = k->sessions;
    if (text == TEXT_CROSS) k->cross_number = h->derivation.next.number;
    else if (!is_certified(k, h->group.generation))
        k->certified[k->certifieds++ % KEY_CERTIFIED] = h->group.generation;
}

/* A holder that was not there asks the others (frames 3 and 4 of docs/identity.md 4.17): here, all
 * that run answer. */
static bool has_other(const struct key_host *k, uint64_t generation)
{
    for (uint32_t i = 0; i < k->s->nodes; i++) {
        const struct key_host *o = &k->s->group_key->host[i];
        if (o != k && o->holder != NULL && is_certified(o, generation)) return true;
    }
    return false;
}

/* As plan_certificates in net/services/identity/signing_host.c. */
static void plan_certificates(struct key_host *k)
{
    struct key_sessions *h = k->sessions;
    const struct assay_derivation *d = &h->derivation;
    if (d->is_late && has_other(k, h->group.generation)) note_certified(k, TEXT_OWN);
    const uint64_t turn = d->is_late ? (h->place + d->at.epoch) % h->group.holders : h->place;
    const bool lacks_own = (d->is_first || d->is_next) && !is_certified(k, h->group.generation);
    const bool lacks_cross = d->next.number > 0 && k->cross_number != d->next.number;
    size_t own = 0, cross = 0;
    if (lacks_own) own = write_key_item(ASSAY_CREDENTIAL_CA_CERTIFICATE, h->want[TEXT_OWN].item);
    if (lacks_cross)
        cross = write_key_item(ASSAY_CREDENTIAL_CROSS_CERTIFICATE, h->want[TEXT_CROSS].item);
    set_want(k, TEXT_OWN, own, turn * TURN_MS);
    set_want(k, TEXT_CROSS, cross, turn * TURN_MS);
}

/* The signature of another holder's coordinator: the text is this holder's own. */
static void on_certificate(struct key_host *k, struct assay_slice signature)
{
    struct key_sessions *h = k->sessions;
    for (uint32_t i = TEXT_OWN; i <= TEXT_CROSS; i++) {
        struct session_want *w = &h->want[i];
        struct assay_cosigner_item derived;
        uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX];
        if (!w->is_wanted ||
            assay_derivation_derive(&h->derivation, assay_slice_over(w->item, w->len), tbs,
                                    sizeof tbs, &derived) != ASSAY_OK ||
            !assay_sodium_edwards_verify(h->group.key, derived.tbs, signature.bytes))
            continue;
        w->is_wanted = false;
        note_certified(k, (enum session_text)i);
        key_sessions_note_certificate(k, (enum session_text)i);
    }
}

static void send_certificate(struct key_host *k, const uint8_t signature[static SIGNATURE_LEN])
{
    const struct key_sessions *h = k->sessions;
    for (uint32_t i = 0; i < h->group.holders; i++)
        if (i != h->place) key_sessions_send(k, i, assay_slice_over(signature, SIGNATURE_LEN));
}

/* --- closes */

/* One CA number signs for the epoch of an open derivation, if this holder has a share of it. */
static void open_side(struct key_host *k, const struct assay_state *state,
                      const struct assay_derivation *opened)
{
    struct key_sessions *h = k->sessions;
    const struct assay_ca *ca = &k->closed;
    const struct assay_ca_sharing *sharing = assay_ca_sharing_of(ca, opened->ca.number);
    struct assay_signing_group group;
    ASSAY_ASSERT(sharing != NULL);
    const uint32_t place = assay_ca_holder_of_node(sharing, k->node_id);
    if (place == UINT32_MAX || assay_ca_group_of(ca, opened->ca.number, &group) != ASSAY_OK) {
        stop_side(h);
        return;
    }
    const bool is_other = !h->has_signer || h->place != place ||
                          h->generation != group.generation || h->era != group.era;
    if (is_other) stop_side(h);
    h->derivation = *opened;
    h->group = group;
    h->place = place;
    if (assay_ceremony_holder_shares(k->holder, ca, opened->ca.number, h->share) != ASSAY_OK) {
        stop_side(h);
        return;
    }
    if (is_other) init_side(k);
    struct assay_cosigner_epoch epoch = { .fenced = k->is_fenced,
                                          .era = ca->era,
                                          .epoch = ca->epoch,
                                          .generation = sharing->generation,
                                          .final_ms = now_of(k),
                                          .period_ms = state->rules.parameters.epoch_ms };
    assay_bytes_copy(epoch.block_id, 32, h->derivation.at.id, 32);
    assay_bytes_copy(epoch.link_key, 32, sharing->holder[place].link_key, 32);
    for (uint32_t i = 1; i <= sharing->count; i++)
        epoch.live[i] = assay_ca_lives_in(ca, sharing, i);
    h->is_open = assay_cosigner_on_epoch(&h->signer, &h->group, h->share, &epoch) == ASSAY_OK &&
                 assay_coordinator_on_epoch(&h->coordinator, &h->group, &epoch) == ASSAY_OK;
    h->hostile.runs = h->copy.has = false;
    if (!h->is_open) return;
    assay_cosigner_on_tick(&h->signer, key_sessions_time(k->s));
    if (!h->is_next) plan_workload(k, state);
    plan_certificates(k);
}

void key_sessions_on_close(struct key_host *k, bool certified)
{
    const struct assay_ca *ca = &k->closed;
    const struct assay_engine *engine = k->s->world.engine(k->s->world.context, k->node);
    struct assay_derivation opened;
    if (k->sessions == NULL || engine == NULL) return;
    const struct assay_state *state = &engine->head->state;
    if (state->epoch != ca->epoch || state->era != ca->era) {
        key_sessions_stop(k); /* its ledger is further on than what its programs were notified of */
        return;
    }
    key_sessions_note_epoch(k, state);
    if (!certified) return; /* the certified epoch before counts */
    if (!open_derivation(k, state, &opened)) {
        key_sessions_stop(k);
        return;
    }
    open_side(k, state, &opened);
    use_side(k, SIDE_NEXT);
    if (assay_derivation_turn_next(&opened) == ASSAY_OK) open_side(k, state, &opened);
    else stop_side(k->sessions);
    use_side(k, SIDE_ACTIVE);
}

/* --- frames */

void key_sessions_send(struct key_host *k, uint32_t place, struct assay_slice message)
{
    const struct key_sessions *h = k->sessions;
    const enum program program = h->is_next ? PROGRAM_NEXT_KEY_HOLDER : PROGRAM_KEY_HOLDER;
    const struct name from = { .program = program, .index = k->node };
    for (uint32_t i = 0; i < k->s->nodes; i++) {
        const struct name to = { .program = program, .index = i };
        if (!assay_bytes_equal(k->s->group_key->host[i].node_id, h->group.holder[place].node_id,
                               32))
            continue;
        services_send(k->s, &from, k->node, &to, i, message);
        return;
    }
}

static uint32_t place_of(const struct key_sessions *h, const uint8_t node_id[static 32])
{
    for (uint32_t i = 0; i < h->group.holders; i++)
        if (assay_bytes_equal(h->group.holder[i].node_id, node_id, 32)) return i;
    return UINT32_MAX;
}

/* The process ends. Returns: whether it does */
static bool crashes(struct key_host *k)
{
    struct group_key *g = k->s->group_key;
    if (k->s->load->key_crashes_permille == 0 || !services_is_on(k->s)) return false;
    if (assay_sim_random_below(&g->random, 1000) >= k->s->load->key_crashes_permille) return false;
    g->audit.count.restarts++;
    key_stop(k);
    return true;
}

/* Durable before anything leaves. The memory that a host restores goes on from an older entry.
 * Returns: false: the process ended before */
static bool append_journal(struct key_host *k, const struct assay_cosigner_out *out)
{
    const bool is_honest = k->s->world.honest(k->s->world.context, k->node);
    for (uint32_t i = 0; i < out->journal_count && is_honest; i++) {
        struct assay_signing_entry entry;
        const enum assay_status status = assay_signing_journal_check(
            &k->disk.journal, assay_slice_over(out->journal[i], out->journal_len[i]), &entry);
        services_report_check(k->s, ASSAY_SIM_CHECKER_SIGNING, NULL);
        if (status != ASSAY_OK)
            services_report_check(k->s, ASSAY_SIM_CHECKER_SIGNING,
                                  "node %u has an entry in its journal that fits nowhere: %s",
                                  k->node, assay_status_text(status));
    }
    return out->journal_count == 0 || !crashes(k);
}

static struct assay_cosigner_slot *find_slot(struct key_sessions *h,
                                             const struct assay_signing_message *m)
{
    for (uint32_t i = 0; i < SESSION_SLOTS; i++)
        if (h->slot[i].step != ASSAY_COSIGNER_FREE &&
            assay_bytes_equal(h->slot[i].session.name, m->name, sizeof m->name))
            return &h->slot[i];
    return NULL;
}

static void audit_reply(struct key_host *k, const uint8_t from[static 32],
                        const struct assay_signing_message *m,
                        const struct assay_cosigner_slot *before)
{
    struct key_sessions *h = k->sessions;
    const struct assay_cosigner_slot *slot = find_slot(h, m);
    if (m->kind == ASSAY_SIGNING_REQUEST && slot != NULL)
        for (uint32_t i = 0; i < slot->session.items; i++)
            key_sessions_check_text(k, from, slot->session.tbs_digest[i]);
    if (m->kind == ASSAY_SIGNING_ECHOES && before != NULL)
        key_sessions_check_answer(k, before->commitments_digest, before->list_digest);
}

static void send_reply(struct key_host *k, const uint8_t to[static 32], struct assay_slice message)
{
    struct key_sessions *h = k->sessions;
    struct assay_signing_message m;
    if (!assay_bytes_equal(to, k->node_id, 32)) {
        const uint32_t place = place_of(h, to);
        if (place != UINT32_MAX) key_sessions_send(k, place, message);
        return;
    }
    if (assay_signing_decode(message, &m) == ASSAY_OK &&
        hostile_sessions_on_reply(k, k->node_id, &m))
        return;
    assay_status_ignore(assay_coordinator_on_message(&h->coordinator, now_of(k), to, message),
                        "the coordinator begins another session");
}

static void run_signer(struct key_host *k, const uint8_t from[static 32], struct assay_slice bytes,
                       const struct assay_signing_message *m)
{
    struct key_sessions *h = k->sessions;
    struct sessions_audit *a = k->s->group_key->sessions;
    struct assay_cosigner_out *out = &a->out;
    struct assay_cosigner_entropy entropy;
    struct assay_cosigner_slot *before = NULL;
    const struct assay_cosigner_slot *found = find_slot(h, m);
    services_bytes(&k->random, entropy.system, sizeof entropy.system);
    assay_bytes_zero(entropy.processor, sizeof entropy.processor);
    if (found != NULL) {
        before = malloc(sizeof *before);
        ASSAY_ASSERT(before != NULL);
        *before = *found;
    }
    const struct assay_cosigner_time now = key_sessions_time(k->s);
    assay_cosigner_set_journal(&h->signer, k->disk.journal.digest); /* of both sides */
    enum assay_status status =
        assay_cosigner_on_message(&h->signer, now, &entropy, from, bytes, out);
    if (status == ASSAY_E_AGAIN && out->action == ASSAY_COSIGNER_STORE) {
        k->disk.signed_era = out->era;
        k->disk.signed_epoch = out->epoch;
        assay_cosigner_on_stored(&h->signer, out->era, out->epoch);
        status = assay_cosigner_on_message(&h->signer, now, &entropy, from, bytes, out);
    }
    a->count.refused += status != ASSAY_OK;
    if (status == ASSAY_OK && out->action == ASSAY_COSIGNER_SEND) {
        struct assay_slice message = out->message;
        audit_reply(k, from, m, before);
        if (append_journal(k, out) && hostile_sessions_change(k, before, &message)) {
            hostile_sessions_restore(k, m->kind);
            send_reply(k, from, message);
        }
    }
    if (before != NULL) assay_secret_wipe(before, sizeof *before);
    free(before);
}

static void receive_frame(struct key_host *k, uint32_t from, struct assay_slice frame)
{
    struct key_sessions *h = k->sessions;
    struct assay_signing_message m;
    if (!h->is_open) return;
    const uint8_t *node_id = k->s->group_key->host[from].node_id; /* the link proves it */
    if (place_of(h, node_id) == UINT32_MAX) return;
    if (frame.len == SIGNATURE_LEN) on_certificate(k, frame);
    if (assay_signing_decode(frame, &m) != ASSAY_OK) return;
    const bool is_request = m.kind == ASSAY_SIGNING_REQUEST || m.kind == ASSAY_SIGNING_LIST ||
                            m.kind == ASSAY_SIGNING_ECHOES;
    if (is_request) {
        run_signer(k, node_id, frame, &m);
        return;
    }
    if (hostile_sessions_on_reply(k, node_id, &m)) return;
    assay_status_ignore(assay_coordinator_on_message(&h->coordinator, now_of(k), node_id, frame),
                        "the coordinator begins another session");
    key_sessions_coordinate(k);
}

void group_key_receive(struct assay_sim_services *s, uint32_t node, const struct name *from,
                       struct assay_slice frame)
{
    struct key_host *k = &s->group_key->host[node];
    if (k->sessions == NULL || k->holder == NULL || from->index >= s->nodes) return;
    use_side(k, from->program == PROGRAM_NEXT_KEY_HOLDER ? SIDE_NEXT : SIDE_ACTIVE);
    receive_frame(k, from->index, frame);
    use_side(k, SIDE_ACTIVE);
}

/* --- the coordinator */

static void end_request(struct key_host *k, enum session_text text,
                        const struct assay_coordinator_out *e)
{
    struct key_sessions *h = k->sessions;
    struct session_want *w = &h->want[text];
    struct sessions_audit *a = k->s->group_key->sessions;
    struct assay_cosigner_item derived;
    uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX];
    if (!w->is_requested || w->number != e->request) return;
    w->is_requested = false;
    w->due_ms = now_of(k) + AGAIN_SIGN_MS;
    if (e->status != ASSAY_OK) return;
    w->is_wanted = false;
    w->since_ms = 0;
    if (assay_derivation_derive(&h->derivation, assay_slice_over(w->item, w->len), tbs, sizeof tbs,
                                &derived) != ASSAY_OK)
        return;
    if (text == TEXT_TOKEN) a->count.tokens++;
    else a->count.signed_++;
    key_sessions_check_signature(k, text, derived.tbs, e->signature[0]);
    if (text != TEXT_OWN && text != TEXT_CROSS) return;
    note_certified(k, text);
    send_certificate(k, e->signature[0]);
}

void key_sessions_coordinate(struct key_host *k)
{
    struct key_sessions *h = k->sessions;
    struct assay_coordinator_out *e = &k->s->group_key->sessions->effect;
    struct assay_signing_message m;
    while (k->holder != NULL && h->is_open &&
           assay_coordinator_poll(&h->coordinator, now_of(k), e)) {
        if (e->action == ASSAY_COORDINATOR_LIE)
            key_queue_lie(k, h->group.ca_number, h->group.generation, e->message);
        for (uint32_t i = 0; e->action == ASSAY_COORDINATOR_ENDING && i < TEXTS; i++)
            end_request(k, (enum session_text)i, e);
        if (e->action != ASSAY_COORDINATOR_SEND) continue;
        for (uint32_t i = 0; i < h->group.holders; i++)
            if (e->to[i] && i != h->place) key_sessions_send(k, i, e->message);
        if (e->to[h->place] && assay_signing_decode(e->message, &m) == ASSAY_OK)
            run_signer(k, k->node_id, e->message, &m);
    }
}

/* One at a time, but for tokens, which a daemon requests. */
static void submit_want(struct key_host *k, enum session_text text)
{
    struct key_sessions *h = k->sessions;
    struct session_want *w = &h->want[text];
    const struct assay_slice item = assay_slice_over(w->item, w->len);
    const bool is_busy = h->want[TEXT_LEAF].is_requested || h->want[TEXT_OWN].is_requested ||
                         h->want[TEXT_CROSS].is_requested;
    if (!w->is_wanted || w->is_requested || now_of(k) < w->due_ms) return;
    if (text != TEXT_TOKEN && is_busy) return;
    w->is_requested =
        assay_coordinator_submit(&h->coordinator, now_of(k), &item, 1, &w->number) == ASSAY_OK;
    if (!w->is_requested) w->due_ms = now_of(k) + AGAIN_SIGN_MS;
}

static void run_side(struct key_host *k)
{
    static const enum session_text order[] = { TEXT_OWN, TEXT_CROSS, TEXT_LEAF, TEXT_TOKEN };
    struct key_sessions *h = k->sessions;
    if (!h->is_open) return;
    assay_cosigner_on_tick(&h->signer, key_sessions_time(k->s));
    for (uint32_t i = 0; i < TEXTS; i++)
        submit_want(k, order[i]);
    hostile_sessions_turn(k);
    key_sessions_coordinate(k);
}

void key_sessions_turn(struct key_host *k)
{
    if (k->sessions == NULL || k->holder == NULL) return;
    key_sessions_check_renewal(k);
    for (uint32_t i = 0; i < SIDES && k->holder != NULL; i++) {
        use_side(k, i);
        run_side(k);
    }
    use_side(k, SIDE_ACTIVE);
}

/* --- life */

void key_sessions_open(struct group_key *g, struct assay_sim_services *s)
{
    if (!is_on(s)) return;
    g->sessions = calloc(1, sizeof *g->sessions);
    ASSAY_ASSERT(g->sessions != NULL);
    g->sessions->prove = aligned_alloc(16, (assay_prove_memory_len(NODES) + 15) / 16 * 16);
    ASSAY_ASSERT(g->sessions->prove != NULL);
    for (uint32_t i = 0; i < s->nodes; i++) {
        for (uint32_t side = 0; side < SIDES; side++) {
            g->host[i].side[side] = calloc(1, sizeof *g->host[i].side[side]);
            ASSAY_ASSERT(g->host[i].side[side] != NULL);
            g->host[i].side[side]->is_next = side == SIDE_NEXT;
        }
        use_side(&g->host[i], SIDE_ACTIVE);
    }
}

void key_sessions_free(struct assay_sim_services *s)
{
    struct group_key *g = s->group_key;
    if (g->sessions == NULL) return;
    for (uint32_t i = 0; i < s->nodes; i++)
        for (uint32_t side = 0; side < SIDES; side++)
            free(g->host[i].side[side]);
    free(g->sessions->prove);
    free(g->sessions);
}
