/*
 * sim/services/group_key/hostile_sessions.c - hosts and holders that do not follow the rules of
 * signing sessions (docs/identity.md 4.7 to 4.10), as the attack `missign` of their nodes says.
 *
 * A hostile coordinator is a signer of its own session and commits twice, so that it has two lists
 * of one session, and sends both; it repeats its request, so that a holder that restarted may join
 * again; echoes that it lacks it replaces. Other hostile hosts restore the memory of their signer
 * after it answered, so that it answers the second list, if it can be brought to.
 */
#include "sim/services/group_key/sessions.h"

#include "engine/parts/engine_internal.h"
#include "sim/attack.h"

enum {
    HOSTILE_MS = 1500,
    VARIANTS = 6,
};

static unsigned faults_of(const struct key_host *k)
{
    return k->s->world.misdeals(k->s->world.context, k->node);
}

static uint64_t now_of(const struct key_host *k)
{
    return key_sessions_time(k->s).monotonic_ms;
}

/* --- signers */

bool hostile_sessions_change(struct key_host *k, const struct assay_cosigner_slot *slot,
                             struct assay_slice *message)
{
    const unsigned faults = faults_of(k);
    struct sessions_audit *a = k->s->group_key->sessions;
    uint8_t answers[ASSAY_SIGNING_OWN_MAX * 32], digest[32], signature[64];
    struct assay_signing_message m;
    if ((faults & ASSAY_MISSIGN_SILENT) != 0) return false;
    if ((faults & ASSAY_MISSIGN_ANSWER) == 0 || slot == NULL ||
        assay_signing_decode(*message, &m) != ASSAY_OK || m.kind != ASSAY_SIGNING_ANSWERS)
        return true;
    assay_bytes_copy(answers, sizeof answers, m.part[0].bytes, m.part[0].len);
    answers[0] ^= 1;
    m.part[0] = assay_slice_over(answers, m.part[0].len);
    assay_signing_answer_digest(slot->digest, k->node_id, slot->commitments_digest,
                                slot->list_digest, m.part[0], digest);
    assay_sodium_link_sign(&k->seed, digest, signature);
    m.part[1] = assay_slice_over(signature, sizeof signature);
    return assay_signing_encode(&m, a->frame, sizeof a->frame, message) == ASSAY_OK;
}

static void copy_memory(struct key_sessions *h, bool back)
{
    struct signer_copy *c = &h->copy;
    if (back) h->signer = c->signer;
    else c->signer = h->signer;
    for (uint32_t i = 0; i < h->signer.memory.slots; i++) {
        *(back ? &h->slot[i] : &c->slot[i]) = back ? c->slot[i] : h->slot[i];
        *(back ? &h->nonces[i] : &c->nonces[i]) = back ? c->nonces[i] : h->nonces[i];
    }
    for (uint32_t i = 0; i < SESSION_ROWS; i++)
        *(back ? &h->row[i] : &c->row[i]) = back ? c->row[i] : h->row[i];
    for (uint32_t i = 0; i < SESSION_JOINS; i++)
        *(back ? &h->join[i] : &c->join[i]) = back ? c->join[i] : h->join[i];
}

void hostile_sessions_restore(struct key_host *k, enum assay_signing_kind sent)
{
    struct key_sessions *h = k->sessions;
    if ((faults_of(k) & ASSAY_MISSIGN_RESTORES) == 0) return;
    if (sent == ASSAY_SIGNING_REQUEST) {
        copy_memory(h, false);
        h->copy.has = true;
    } else if (sent == ASSAY_SIGNING_ECHOES && h->copy.has) {
        copy_memory(h, true);
        k->s->group_key->sessions->count.restored++;
    }
}

/* --- coordinators: the choice of signers */

static bool is_hostile_holder(const struct key_host *k, uint32_t place)
{
    for (uint32_t i = 0; i < k->s->nodes; i++)
        if (assay_bytes_equal(k->s->group_key->host[i].node_id,
                              k->sessions->group.holder[place].node_id, 32))
            return k->s->world.misdeals(k->s->world.context, i) != 0;
    return false;
}

/* Its own indices, then those of other hostile holders, then of others: t of them. */
static bool choose_signers(struct key_host *k)
{
    struct key_sessions *h = k->sessions;
    struct hostile_session *x = &h->hostile;
    bool chosen[ASSAY_FROST_INDICES_MAX + 1] = { false };
    uint32_t missing = h->group.threshold;
    for (uint32_t pass = 0; pass < 3; pass++) {
        const uint32_t first = (uint32_t)assay_sim_random_below(&k->random, h->group.holders);
        for (uint32_t n = 0; n < h->group.holders && missing > 0; n++) {
            const uint32_t place = (first + n) % h->group.holders;
            const bool is_own = place == h->place, is_hostile = is_hostile_holder(k, place);
            if (is_own != (pass == 0) || (!is_own && is_hostile != (pass == 1))) continue;
            for (uint32_t i = 1; i <= h->group.indices && missing > 0; i++) {
                if (h->group.owner[i] != place || !h->coordinator.epoch.live[i]) continue;
                chosen[i] = x->signs[place] = true;
                missing--;
            }
        }
    }
    for (uint32_t i = 1; i <= h->group.indices; i++)
        if (chosen[i]) x->session.index[x->session.count++] = (uint8_t)i;
    return missing == 0 && x->signs[h->place];
}

/* --- messages */

static struct assay_signing_message message_of(const struct hostile_session *x,
                                               enum assay_signing_kind kind)
{
    struct assay_signing_message m = { .kind = kind };
    assay_bytes_copy(m.name, sizeof m.name, x->session.name, sizeof m.name);
    return m;
}

static void send_all(struct key_host *k, const struct assay_signing_message *m)
{
    struct sessions_audit *a = k->s->group_key->sessions;
    struct key_sessions *h = k->sessions;
    struct assay_slice bytes;
    if (assay_signing_encode(m, a->frame, sizeof a->frame, &bytes) != ASSAY_OK) return;
    for (uint32_t i = 0; i < h->group.holders; i++)
        if (h->hostile.signs[i] && i != h->place) key_sessions_send(k, i, bytes);
}

static void send_request(struct key_host *k)
{
    const struct hostile_session *x = &k->sessions->hostile;
    struct assay_signing_message m = message_of(x, ASSAY_SIGNING_REQUEST);
    uint8_t epoch[8];
    for (size_t i = 0; i < 8; i++)
        epoch[i] = (uint8_t)(x->session.epoch >> (8 * (7 - i)));
    m.count = 3;
    m.part[0] = assay_slice_over(epoch, sizeof epoch);
    m.part[1] = assay_slice_over(x->session.index, x->session.count);
    m.part[2] = assay_slice_over(x->item, x->item_len);
    send_all(k, &m);
}

static void sign_own(const struct key_host *k, uint32_t list, bool is_echo, uint8_t signature[64])
{
    const struct hostile_session *x = &k->sessions->hostile;
    const struct assay_slice own = assay_slice_over(x->list[list].own, x->list[list].len);
    uint8_t digest[32], commitments[32];
    assay_sha256(own.bytes, own.len, commitments);
    if (is_echo)
        assay_signing_answer_digest(x->digest, k->node_id, commitments, x->list[list].digest,
                                    (struct assay_slice){ 0 }, digest);
    else assay_signing_commit_digest(x->digest, k->node_id, own, digest);
    assay_sodium_link_sign(&k->seed, digest, signature);
}

static void send_list(struct key_host *k, uint32_t list)
{
    struct key_sessions *h = k->sessions;
    struct hostile_session *x = &h->hostile;
    struct assay_signing_message m = message_of(x, ASSAY_SIGNING_LIST);
    sign_own(k, list, false, x->commit_signature[h->place]);
    for (uint32_t i = 0; i < h->group.holders; i++) {
        if (!x->signs[i]) continue;
        m.part[m.count++] = i == h->place ? assay_slice_over(x->list[list].own, x->list[list].len)
                                          : assay_slice_over(x->commitments[i], x->len[i]);
        m.part[m.count++] = assay_slice_over(x->commit_signature[i], 64);
    }
    assay_signing_list_digest(&h->group, &x->session, x->digest, m.part, x->list[list].digest);
    for (uint32_t i = 0; i < h->group.holders; i++)
        x->list[list].has_echo[i] = false;
    sign_own(k, list, true, x->list[list].echo[h->place]);
    x->list[list].has_echo[h->place] = true;
    x->list[list].is_sent = true;
    x->list[list].is_over = false;
    send_all(k, &m);
}

/* Those that are missing are replaced: a holder must find that out. */
static void send_echoes(struct key_host *k, uint32_t list)
{
    struct key_sessions *h = k->sessions;
    struct hostile_session *x = &h->hostile;
    struct assay_signing_message m = message_of(x, ASSAY_SIGNING_ECHOES);
    for (uint32_t i = 0; i < h->group.holders; i++) {
        if (!x->signs[i]) continue;
        const uint32_t of = x->list[list].has_echo[i] ? i : h->place;
        m.part[m.count++] = assay_slice_over(x->list[list].echo[of], 64);
    }
    x->list[list].is_over = true;
    send_all(k, &m);
}

/* --- sessions */

static bool commit_twice(struct key_host *k)
{
    struct key_sessions *h = k->sessions;
    struct hostile_session *x = &h->hostile;
    for (uint32_t list = 0; list < 2; list++) {
        for (uint32_t i = 0; i < x->session.count; i++) {
            const uint32_t index = x->session.index[i];
            struct assay_frost_nonces nonces;
            struct assay_frost_commitment c;
            uint8_t random[64];
            if (h->group.owner[index] != h->place) continue;
            services_bytes(&k->random, random, sizeof random);
            if (assay_frost_commit(index, &h->share[index], random, &nonces, &c) != ASSAY_OK)
                return false;
            uint8_t *to = x->list[list].own + x->list[list].len;
            assay_bytes_copy(to, 32, c.hiding, 32);
            assay_bytes_copy(to + 32, 32, c.binding, 32);
            x->list[list].len += ASSAY_SIGNING_PAIR_LEN;
        }
    }
    return true;
}

static struct assay_slice newest_list(const struct key_host *k, const struct assay_state *state,
                                      uint32_t slot)
{
    const struct assay_declaration *d = &state->members[slot].declaration;
    return d->count == 0 ? (struct assay_slice){ 0 }
                         : k->s->world.declared(k->s->world.context, slot, d->roots[0].root);
}

static size_t draw_key_item(enum assay_credential_product product,
                            uint8_t bytes[static SESSION_ITEM_MAX])
{
    const struct assay_derivation_item item = { .product = product };
    struct assay_writer w = assay_writer_over(bytes, SESSION_ITEM_MAX);
    return assay_derivation_encode(&item, &w) == ASSAY_OK ? w.len : 0;
}

/* A text that no certified state has, or one that it has, perhaps a token of another member:
 * holders find out. */
static size_t draw_foreign(struct key_host *k, uint8_t bytes[static SESSION_ITEM_MAX])
{
    struct key_sessions *h = k->sessions;
    const struct assay_engine *engine = k->s->world.engine(k->s->world.context, k->node);
    const struct assay_state *state = &engine->head->state;
    const uint32_t slot = (uint32_t)assay_sim_random_below(&k->random, state->member_count);
    const uint64_t variant = assay_sim_random_below(&k->random, VARIANTS);
    struct assay_prove prove;
    if (variant == 0) {
        const uint32_t count = h->old_items < SESSION_OLD_ITEMS ? h->old_items : SESSION_OLD_ITEMS;
        if (count == 0) return 0;
        const uint32_t at = (uint32_t)assay_sim_random_below(&k->random, count);
        assay_bytes_copy(bytes, SESSION_ITEM_MAX, h->old_item[at].bytes, h->old_item[at].len);
        return h->old_item[at].len;
    }
    if (variant == 1) return draw_key_item(ASSAY_CREDENTIAL_CA_CERTIFICATE, bytes);
    if (variant == 5) return draw_key_item(ASSAY_CREDENTIAL_CROSS_CERTIFICATE, bytes);
    if (!key_sessions_prove(k, &prove)) return 0;
    const struct assay_slice own = newest_list(k, state, k->node), of = newest_list(k, state, slot);
    const enum assay_credential_product product =
        variant == 4 ? ASSAY_CREDENTIAL_TOKEN : ASSAY_CREDENTIAL_LEAF;
    const struct assay_slice list = variant == 2 ? own : of;
    return key_sessions_write_item(&prove, slot, product, list, list, bytes);
}

static void begin_hostile(struct key_host *k, bool is_foreign)
{
    struct key_sessions *h = k->sessions;
    struct hostile_session *x = &h->hostile;
    struct assay_cosigner_item derived;
    uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX];
    *x = (struct hostile_session){ .began_ms = now_of(k) };
    x->session.epoch = h->coordinator.epoch.epoch;
    x->session.items = 1;
    assay_bytes_copy(x->session.name, 32, k->node_id, 32);
    services_bytes(&k->random, x->session.name + 32, 16);
    if (!choose_signers(k)) return;
    k->s->group_key->sessions->count.attacked++;
    if (is_foreign) {
        x->item_len = draw_foreign(k, x->item);
        if (x->item_len > 0) send_request(k);
        return;
    }
    const struct session_want *w = &h->want[TEXT_LEAF];
    x->item_len = w->len;
    assay_bytes_copy(x->item, sizeof x->item, w->item, w->len);
    if (w->len == 0 ||
        assay_derivation_derive(&h->derivation, assay_slice_over(x->item, x->item_len), tbs,
                                sizeof tbs, &derived) != ASSAY_OK)
        return;
    assay_sha256(derived.tbs.bytes, derived.tbs.len, x->session.tbs_digest[0]);
    assay_signing_session_digest(&h->group, &x->session, x->digest);
    if (!commit_twice(k)) return;
    x->runs = true;
    x->is_eager = assay_sim_random_below(&k->random, 4) == 0;
    send_request(k);
}

void hostile_sessions_turn(struct key_host *k)
{
    struct key_sessions *h = k->sessions;
    const unsigned faults = faults_of(k);
    const unsigned acts = ASSAY_MISSIGN_FOREIGN | (h->is_next ? 0 : ASSAY_MISSIGN_LISTS);
    if ((faults & acts) == 0) return;
    if (h->hostile.runs && now_of(k) - h->hostile.began_ms < HOSTILE_MS) return;
    h->hostile.runs = false;
    if (assay_sim_random_below(&k->random, 8) != 0) return;
    begin_hostile(k, (faults & ASSAY_MISSIGN_FOREIGN) != 0);
}

/* --- replies */

static void on_commitments(struct key_host *k, uint32_t place,
                           const struct assay_signing_message *m)
{
    struct key_sessions *h = k->sessions;
    struct hostile_session *x = &h->hostile;
    const bool is_first = !x->list[0].is_sent;
    if (m->part[0].len > sizeof x->commitments[place] || m->part[1].len != 64) return;
    if (!is_first && !x->was_repeated) return;
    x->len[place] = m->part[0].len;
    assay_bytes_copy(x->commitments[place], sizeof x->commitments[place], m->part[0].bytes,
                     m->part[0].len);
    assay_bytes_copy(x->commit_signature[place], 64, m->part[1].bytes, 64);
    for (uint32_t i = 0; i < h->group.holders; i++)
        if (x->signs[i] && i != h->place && x->len[i] == 0) return;
    if (is_first) send_list(k, 0);
    if (!is_first || x->is_eager) send_list(k, 1);
}

static void on_echo(struct key_host *k, uint32_t place, const struct assay_signing_message *m)
{
    struct key_sessions *h = k->sessions;
    struct hostile_session *x = &h->hostile;
    if (m->part[0].len != 32 || m->part[1].len != 64) return;
    for (uint32_t list = 0; list < 2; list++) {
        bool has_all = true;
        if (!x->list[list].is_sent ||
            !assay_bytes_equal(m->part[0].bytes, x->list[list].digest, 32))
            continue;
        x->list[list].has_echo[place] = true;
        assay_bytes_copy(x->list[list].echo[place], 64, m->part[1].bytes, 64);
        for (uint32_t i = 0; i < h->group.holders; i++)
            has_all = has_all && (!x->signs[i] || x->list[list].has_echo[i]);
        /* Of the second list, that of a restored signer is enough to try. */
        if (has_all || (list == 1 && x->list[0].is_over)) send_echoes(k, list);
    }
}

bool hostile_sessions_on_reply(struct key_host *k, const uint8_t from[static 32],
                               const struct assay_signing_message *m)
{
    struct key_sessions *h = k->sessions;
    struct hostile_session *x = &h->hostile;
    uint32_t place = 0;
    if (!x->runs || !assay_bytes_equal(m->name, x->session.name, sizeof m->name)) return false;
    while (place < h->group.holders && !assay_bytes_equal(h->group.holder[place].node_id, from, 32))
        place++;
    if (place == h->group.holders || !x->signs[place] || place == h->place || m->count != 2)
        return true;
    if (m->kind == ASSAY_SIGNING_COMMITMENTS) on_commitments(k, place, m);
    if (m->kind == ASSAY_SIGNING_ECHO) on_echo(k, place, m);
    if (m->kind == ASSAY_SIGNING_ANSWERS) {
        if (!x->was_repeated) send_request(k);
        x->was_repeated = true;
        send_list(k, 1);
    }
    return true;
}
