/*
 * sim/services/group_key/signing_audit.c - checker signing (docs/identity.md 4), from what signers
 * send, states that honest nodes closed, and the time.
 *
 * A text that a holder joins a session for, and every signature that verifies, is one of a
 * certified epoch: of a key that a certified PASS bound and the newest declared list has, of a
 * member at WARNING or better, or of a group key where it came into force or is the next one. A
 * holder joins a session for a token with the subject's own coordinator alone. It joins none while
 * its daemon obeys a fence, and none for a text of another era than its daemon's. No commitments
 * are answered in two lists, by no signer, whatever its host does with its memory. A journal is one
 * chain. With at most a third of the weight faulty a certificate comes within ten seconds of its
 * holder's turns in which nothing else is requested, and well before the one before it ends.
 *
 * Eligibility is decided here once more, from the state; texts are written by the product, whose
 * bytes a second writer compares (docs/identity.md 5.9).
 */
#include "engine/parts/engine_internal.h"
#include "sim/services/group_key/sessions.h"

#include <string.h>

enum {
    KEY_EPOCHS = 3,              /* that a certified PASS may be old */
    CERTIFIED_WITHIN = 16,       /* closes of a next number whose holders are there */
    KEY_CERTIFICATE_EPOCHS = 16, /* of a generation, for which its certificate is signed */
};

#define LOOK_SIGNING(s, fine, ...)                                                                 \
    do {                                                                                           \
        services_report_check((s), ASSAY_SIM_CHECKER_SIGNING, NULL);                               \
        if (!(fine)) services_report_check((s), ASSAY_SIM_CHECKER_SIGNING, __VA_ARGS__);           \
    } while (0)

static bool is_honest(const struct key_host *k)
{
    return k->s->world.honest(k->s->world.context, k->node);
}

/* --- texts of an epoch */

static bool is_known(const struct sessions_audit *a, uint64_t era, uint64_t epoch)
{
    const uint32_t most = sizeof a->known / sizeof a->known[0];
    for (uint32_t i = 0; i < most && i < a->epochs; i++)
        if (a->known[i].era == era && a->known[i].epoch == epoch) return true;
    return false;
}

/* In: subject: of a token; NULL: it is none */
static void add_text(struct sessions_audit *a, const struct assay_state *state,
                     const uint8_t *subject, struct assay_slice tbs)
{
    const uint32_t at = a->texts++ % TEXTS_KEPT;
    assay_sha256(tbs.bytes, tbs.len, a->text[at].digest);
    a->text[at].is_token = subject != NULL;
    if (subject != NULL) assay_bytes_copy(a->text[at].subject, 32, subject, 32);
    a->text[at].era = state->era;
    a->text[at].epoch = state->epoch;
}

/* May keys of this member be certified after this epoch? */
static bool is_in_order(const struct assay_member *m, uint64_t epoch)
{
    const struct assay_declaration *d = &m->declaration;
    const enum assay_standing standing = assay_member_standing(m, epoch);
    return m->stage == ASSAY_STAGE_MEMBER && d->count > 0 && d->keys_epoch > 0 &&
           d->keys_epoch == m->pass_epoch && epoch - d->keys_epoch <= KEY_EPOCHS &&
           (standing == ASSAY_STANDING_FULL || standing == ASSAY_STANDING_WARNING) &&
           !assay_member_in_maintenance(m, epoch) && !assay_member_in_maintenance(m, epoch + 1);
}

static struct assay_credential_ca authority_of(const struct key_host *k)
{
    const struct assay_registry_plan *plan = &k->s->plan;
    struct assay_credential_ca ca = {
        .number = k->closed.ca_number,
        .trust_domain =
            assay_slice_over(plan->identity.trust_domain, strlen(plan->identity.trust_domain)),
        .issuer = assay_slice_over(plan->identity.issuer, strlen(plan->identity.issuer)),
        .validity_s = plan->identity.validity_s,
    };
    assay_bytes_copy(ca.chain_id, 32, k->closed.chain_id, 32);
    assay_bytes_copy(ca.public_key, 32, k->closed.key, 32);
    return ca;
}

/* The newest list has the key. audience: of a token; NULL: it is none */
static bool is_declared(const struct assay_declared_keys *newest,
                        const struct assay_declared_key *key, const struct assay_slice *audience)
{
    for (uint32_t i = 0; i < newest->count; i++) {
        const struct assay_declared_key *now = &newest->keys[i];
        bool has_audience = audience == NULL;
        if (now->purpose != key->purpose || !assay_slice_equal(now->name, key->name) ||
            !assay_slice_equal(now->spki, key->spki))
            continue;
        for (uint32_t j = 0; j < now->audience_count && !has_audience; j++)
            has_audience = assay_slice_equal(now->audiences[j], *audience);
        if (has_audience) return true;
    }
    return false;
}

/* docs/identity.md 4.3.1; that the evidence had the name is for the checker granted_names. */
static bool is_granted(const struct key_host *k, const struct assay_member *m,
                       const struct assay_credential_state *of, struct assay_slice name)
{
    const struct assay_registry_plan *plan = &k->s->plan;
    for (uint32_t i = 0; i < plan->identity.grant_count; i++) {
        const struct assay_plan_grant *grant = &plan->identity.grant[i];
        uint8_t digest[32];
        if (!assay_slice_equal(assay_slice_over(grant->name, strlen(grant->name)), name)) continue;
        assay_registry_plan_name_digest(grant, digest);
        return assay_declaration_has_grant(&m->declaration, digest) &&
               (!grant->needs_full || of->standing == ASSAY_CREDENTIAL_FULL);
    }
    return false;
}

static void note_key(struct key_host *k, const struct assay_state *state,
                     const struct assay_member *m, const struct assay_credential_state *of,
                     const struct assay_slice *bytes, const struct assay_declared_key *key)
{
    const struct assay_credential_ca ca = authority_of(k);
    struct assay_credential_entry entry = { .purpose = ASSAY_CREDENTIAL_PURPOSE_TLS,
                                            .name = key->name,
                                            .granted = is_granted(k, m, of, key->name),
                                            .spki = key->spki };
    uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice text;
    assay_sha256(bytes->bytes, bytes->len, entry.digest);
    const enum assay_status status =
        assay_credential_leaf_tbs(&ca, of, &entry, tbs, sizeof tbs, &text);
    ASSAY_ASSERT(status == ASSAY_OK);
    add_text(k->s->group_key->sessions, state, NULL, text);
}

/* A token for each audience of the entry that the newest list has, too. */
static void note_tokens(struct key_host *k, const struct assay_state *state,
                        const struct assay_member *m, const struct assay_credential_state *of,
                        const struct assay_slice *bytes, const struct assay_declared_key *key,
                        const struct assay_declared_keys *newest)
{
    const struct assay_credential_ca ca = authority_of(k);
    struct assay_credential_entry entry = { .purpose = ASSAY_CREDENTIAL_PURPOSE_TOKEN,
                                            .name = key->name,
                                            .granted = is_granted(k, m, of, key->name),
                                            .spki = key->spki,
                                            .audience_count = key->audience_count };
    uint8_t input[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice text;
    assay_sha256(bytes->bytes, bytes->len, entry.digest);
    for (uint32_t i = 0; i < key->audience_count; i++)
        entry.audience[i] = key->audiences[i];
    for (uint32_t i = 0; i < key->audience_count; i++) {
        if (!is_declared(newest, key, &key->audiences[i])) continue;
        const enum assay_status status =
            assay_credential_token(&ca, of, &entry, i, input, sizeof input, &text);
        ASSAY_ASSERT(status == ASSAY_OK);
        add_text(k->s->group_key->sessions, state, m->node_id, text);
    }
}

static void note_member(struct key_host *k, const struct assay_state *state,
                        const struct assay_prove *prove, uint32_t slot)
{
    const struct assay_member *m = &state->members[slot];
    uint8_t proof[SESSION_ITEM_MAX];
    struct assay_writer w = assay_writer_over(proof, sizeof proof);
    struct assay_declared_keys listed, newest;
    if (!is_in_order(m, state->epoch)) return;
    const struct assay_slice list =
        k->s->world.declared(k->s->world.context, slot, m->declaration.keys_root);
    const struct assay_slice now =
        k->s->world.declared(k->s->world.context, slot, m->declaration.roots[0].root);
    if (list.len == 0 || now.len == 0 || assay_declared_keys_decode(list, &listed) != ASSAY_OK ||
        assay_declared_keys_decode(now, &newest) != ASSAY_OK ||
        assay_prove_member(prove, slot, true, &w) != ASSAY_OK)
        return;
    struct assay_credential_state of = {
        .era = state->era,
        .epoch = state->epoch,
        .time_ms = prove->checkpoint.time_ms,
        .incarnation = m->lives[0].incarnation,
        .standing = (enum assay_credential_standing)assay_member_standing(m, state->epoch),
        .score_bp = assay_trust_score_bp(&m->trust),
        .evidence_kind = m->evidence_kind,
    };
    assay_bytes_copy(of.block_id, 32, prove->checkpoint.id, 32);
    assay_bytes_copy(of.node_id, 32, m->node_id, 32);
    assay_sha256(proof, w.len, of.proof_digest);
    for (uint32_t i = 0; i < listed.count; i++) {
        const struct assay_declared_key *key = &listed.keys[i];
        if (key->purpose == ASSAY_PURPOSE_TLS && is_declared(&newest, key, NULL))
            note_key(k, state, m, &of, &listed.entries[i], key);
        if (key->purpose == ASSAY_PURPOSE_TOKEN)
            note_tokens(k, state, m, &of, &listed.entries[i], key, &newest);
    }
}

static void note_certificate(struct key_host *k, const struct assay_state *state,
                             const struct assay_credential_ca *subject,
                             const struct assay_credential_ca *signer, uint64_t time_ms)
{
    const struct assay_credential_state made = { .era = state->era,
                                                 .epoch = state->epoch,
                                                 .time_ms = time_ms };
    uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice text;
    if (assay_credential_ca_tbs(subject, signer, &made, tbs, sizeof tbs, &text) == ASSAY_OK)
        add_text(k->s->group_key->sessions, state, NULL, text);
}

/* Certificates of keys: of the active number in the first epochs of a generation, of NEXT by itself
 * and by the active number while there is one. NEXT signs nothing else: no other text is under its
 * name. */
static void note_certificates(struct key_host *k, const struct assay_state *state, uint64_t time_ms)
{
    const struct assay_credential_ca ca = authority_of(k);
    struct assay_credential_ca next = ca;
    /* Of a number that waited as the next one: since it is active. */
    const bool has_waited = k->closed.active_since > k->closed.since;
    const uint64_t since = has_waited ? k->closed.active_since : k->closed.since;
    if (state->epoch - since < KEY_CERTIFICATE_EPOCHS)
        note_certificate(k, state, &ca, &ca, time_ms);
    if (k->closed.next.number == 0) return;
    next.number = k->closed.next.number;
    assay_bytes_copy(next.public_key, 32, k->closed.next.key, 32);
    note_certificate(k, state, &next, &next, time_ms);
    note_certificate(k, state, &next, &ca, time_ms);
}

void key_sessions_note_epoch(struct key_host *k, const struct assay_state *state)
{
    struct sessions_audit *a = k->s->group_key->sessions;
    struct assay_prove prove;
    if (!state->certified || k->closed.ca_number == 0 || !is_honest(k) ||
        is_known(a, state->era, state->epoch) || !key_sessions_prove(k, &prove) ||
        prove.checkpoint.epoch != state->epoch || prove.checkpoint.era != state->era)
        return;
    const uint32_t at = a->epochs++ % (sizeof a->known / sizeof a->known[0]);
    a->known[at].era = state->era;
    a->known[at].epoch = state->epoch;
    for (uint32_t i = 0; i < state->member_count && i < NODES; i++)
        note_member(k, state, &prove, i);
    note_certificates(k, state, prove.checkpoint.time_ms);
}

/* --- what signers do */

/* Returns: its place in the audit; TEXTS_KEPT: there is none */
static uint32_t find_text(const struct sessions_audit *a, const uint8_t digest[static 32])
{
    for (uint32_t i = 0; i < TEXTS_KEPT && i < a->texts; i++)
        if (assay_bytes_equal(a->text[i].digest, digest, 32)) return i;
    return TEXTS_KEPT;
}

static bool is_seen(const struct key_host *k)
{
    const struct assay_checkpoint *at = &k->sessions->derivation.at;
    return is_known(k->s->group_key->sessions, at->era, at->epoch);
}

/* Operators count what fenced members know: signatures of since are not among it. */
static void check_era(struct key_host *k)
{
    const struct assay_engine *engine = k->s->world.engine(k->s->world.context, k->node);
    const uint64_t era = k->sessions->derivation.at.era;
    if (engine == NULL) return;
    const bool was_fenced =
        engine->era->fenced && (!k->is_fenced || services_now(k->s) > k->fenced_ms);
    LOOK_SIGNING(k->s, !was_fenced, "node %u joins a session behind a fence", k->node);
    LOOK_SIGNING(k->s, era == engine->head->state.era,
                 "node %u joins a session for a text of era %llu in era %llu", k->node,
                 (unsigned long long)era, (unsigned long long)engine->head->state.era);
}

void key_sessions_check_text(struct key_host *k, const uint8_t coordinator[static 32],
                             const uint8_t digest[static 32])
{
    const struct sessions_audit *a = k->s->group_key->sessions;
    if (!is_honest(k)) return;
    check_era(k);
    if (!is_seen(k)) return;
    const uint32_t at = find_text(a, digest);
    LOOK_SIGNING(k->s, at < TEXTS_KEPT,
                 "node %u joins a session for a text that no certified state has, in epoch %llu",
                 k->node, (unsigned long long)k->sessions->derivation.at.epoch);
    if (at < TEXTS_KEPT && a->text[at].is_token)
        LOOK_SIGNING(k->s, assay_bytes_equal(a->text[at].subject, coordinator, 32),
                     "node %u joins a session for a token of another member, in epoch %llu",
                     k->node, (unsigned long long)k->sessions->derivation.at.epoch);
}

void key_sessions_check_answer(struct key_host *k, const uint8_t commitments[static 32],
                               const uint8_t list[static 32])
{
    struct sessions_audit *a = k->s->group_key->sessions;
    bool is_other = false;
    for (uint32_t i = 0; i < ANSWERS_KEPT && i < a->answers; i++)
        if (assay_bytes_equal(a->answer[i].commitments, commitments, 32) &&
            !assay_bytes_equal(a->answer[i].list, list, 32))
            is_other = true;
    LOOK_SIGNING(k->s, !is_other, "node %u answers with the same commitments in two lists",
                 k->node);
    const uint32_t at = a->answers++ % ANSWERS_KEPT;
    assay_bytes_copy(a->answer[at].commitments, 32, commitments, 32);
    assay_bytes_copy(a->answer[at].list, 32, list, 32);
}

/* The highest: the number before it is certified again with each of its reshares. */
void key_sessions_note_certificate(const struct key_host *k, enum session_text text)
{
    struct sessions_audit *a = k->s->group_key->sessions;
    const struct assay_derivation *d = &k->sessions->derivation;
    const uint32_t number = text == TEXT_CROSS ? d->next.number : d->ca.number;
    if (!is_honest(k)) return;
    if (text == TEXT_OWN && number > a->own_number) a->own_number = number;
    if (text == TEXT_CROSS && number > a->cross_number) a->cross_number = number;
}

void key_sessions_check_signature(struct key_host *k, enum session_text text,
                                  struct assay_slice tbs, const uint8_t signature[static 64])
{
    struct sessions_audit *a = k->s->group_key->sessions;
    const struct assay_signing_group *group = &k->sessions->group;
    const uint8_t *key = assay_signing_is_token(tbs) ? group->token_key : group->key;
    uint8_t digest[32];
    if (!is_honest(k)) return;
    LOOK_SIGNING(k->s, assay_sodium_edwards_verify(key, tbs, signature),
                 "node %u has a signature that does not verify", k->node);
    key_sessions_note_certificate(k, text);
    if (!is_seen(k)) return;
    assay_sha256(tbs.bytes, tbs.len, digest);
    LOOK_SIGNING(k->s, find_text(a, digest) < TEXTS_KEPT,
                 "a text is signed that no certified state has, in epoch %llu",
                 (unsigned long long)k->sessions->derivation.at.epoch);
}

/* --- renewal */

/* Indices of honest holders that sign now. */
static uint32_t count_signing(const struct key_host *k)
{
    const struct key_sessions *own = k->sessions;
    uint32_t indices = 0;
    for (uint32_t i = 0; i < k->s->nodes; i++) {
        const struct key_host *o = &k->s->group_key->host[i];
        const struct key_sessions *h = o->side[SIDE_ACTIVE];
        if (!is_honest(o) || o->holder == NULL || !h->is_open || h->generation != own->generation ||
            h->era != own->era || k->s->world.engine(k->s->world.context, i) == NULL)
            continue;
        for (uint32_t j = 1; j <= own->group.indices; j++)
            indices += own->group.owner[j] == h->place && own->coordinator.epoch.live[j];
    }
    return indices;
}

/* Two requests of its own at most are at work, those for certificates of keys first. */
static bool is_alone(const struct key_host *k)
{
    for (uint32_t i = 0; i < k->s->nodes; i++) {
        const struct key_host *o = &k->s->group_key->host[i];
        for (uint32_t side = 0; side < SIDES && is_honest(o); side++)
            for (uint32_t text = o != k ? TEXT_LEAF : TEXT_OWN; text < TEXTS; text++)
                if (o->side[side]->want[text].is_requested) return false;
    }
    return true;
}

/* A coordinator waits so long for a reply and no longer (docs/identity.md 4.15). */
static bool is_near(const struct assay_sim_services *s)
{
    const struct assay_sim_link *link = &s->scenario->link;
    const uint64_t far =
        assay_max_u64(link->regions_01_ms, assay_max_u64(link->regions_02_ms, link->regions_12_ms));
    return 2 * (link->delay_max_ms + far) <= (uint64_t)ASSAY_COORDINATOR_WAIT_MAX_MS;
}

static void check_want(struct key_host *k, struct session_want *w, const char *what)
{
    const uint64_t now = key_sessions_time(k->s).monotonic_ms, looked = w->looked_ms;
    w->looked_ms = now;
    if (w->since_ms == 0 || !k->sessions->is_open) {
        w->alone_ms = 0;
        return;
    }
    const bool is_due = is_honest(k) && is_near(k->s) && key_is_calm(k->s) &&
                        k->s->group_key->audit.is_promised &&
                        count_signing(k) >= k->sessions->group.threshold;
    if (!is_due) {
        w->since_ms = now;
        w->alone_ms = 0;
        return;
    }
    if (now > w->turn_ms && is_alone(k))
        w->alone_ms += now - (looked > w->turn_ms ? looked : w->turn_ms);
    LOOK_SIGNING(k->s, w->alone_ms <= RENEWAL_MS,
                 "node %u has no %s of its key for %llu ms of its turns", k->node, what,
                 (unsigned long long)w->alone_ms);
    LOOK_SIGNING(k->s, now - w->since_ms <= RENEWED_MS, "node %u has no %s of its key for %llu ms",
                 k->node, what, (unsigned long long)(now - w->since_ms));
}

/* Two goals of its owner: a new certificate comes well before the old one ends, whatever is
 * requested besides, and at once when nothing is. In the second, time counts from the holder's turn
 * (docs/identity.md 4.17). */
void key_sessions_check_renewal(struct key_host *k)
{
    check_want(k, &k->sessions->want[TEXT_LEAF], "certificate");
    check_want(k, &k->sessions->want[TEXT_TOKEN], "token");
}

/* Relying parties trust a number when it begins to sign: its certificate, and that by the number
 * before it, were made while it was the next one. */
void key_sessions_closed(struct assay_sim_services *s, const struct assay_ca *ca, bool certified)
{
    struct sessions_audit *a = s->group_key->sessions;
    const struct key_audit *of = &s->group_key->audit;
    if (a == NULL) return;
    const bool begins = of->next > 0 && ca->ca_number == of->next && of->active > 0;
    if (begins && a->calm >= CERTIFIED_WITHIN && of->is_promised)
        LOOK_SIGNING(s, a->own_number >= of->next && a->cross_number >= of->next,
                     "CA number %u signs from epoch %llu on, and has no certificate %s", of->next,
                     (unsigned long long)ca->epoch,
                     a->own_number < of->next ? "of its own" : "by the number before it");
    const bool can_sign = key_is_calm(s) && of->next > 0 &&
                          of->usable_next >= ca->next.force.threshold &&
                          of->usable >= ca->force.threshold && of->is_promised;
    if (!can_sign) a->calm = 0;
    else if (certified) a->calm++;
}
