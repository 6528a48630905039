/*
 * services/shares/cluster_rounds.c - public attempts of a reshare (docs/services.md 5.17): dealings
 * on the ledger, disputes, and penalties for silence.
 */
#include "services/shares/cluster_internal.h"

enum { DEALING_LINE_LEN = 160 }; /* of a record, without points and sealed numbers */

/* --- places of dealings */

size_t assay_share_round_stride(const struct assay_share_config *config)
{
    ASSAY_ASSERT(config->k <= ASSAY_SHARE_K_MAX && config->slots <= ASSAY_SHARE_SLOTS_MAX);
    return (size_t)ASSAY_SODIUM_POINT_LEN * (config->k + 1) + (size_t)32 * config->slots;
}

uint32_t assay_share_round_ids(const struct assay_share_config *config)
{
    ASSAY_ASSERT(config->slots > 0);
    const size_t each = assay_share_round_stride(config) * config->slots;
    const size_t fit = ASSAY_SHARE_ROUND_LEN / each;
    ASSAY_ASSERT(fit > 0);
    return fit < ASSAY_SHARE_ROUND_IDS_MAX ? (uint32_t)fit : ASSAY_SHARE_ROUND_IDS_MAX;
}

uint8_t *assay_share_round_at(const struct assay_share_registry *r, uint32_t place,
                              uint32_t dealer)
{
    const size_t stride = assay_share_round_stride(&r->config);
    ASSAY_ASSERT(place < assay_share_round_ids(&r->config) && dealer < r->config.slots);
    return r->round->dealings + stride * (place * r->config.slots + dealer);
}

bool assay_share_registry_get_dealing(const struct assay_share_registry *r,
                                      const struct assay_share_reshare *reshare, uint32_t dealer,
                                      struct assay_share_public_dealing *dealing)
{
    ASSAY_ASSERT(dealer < ASSAY_SHARE_SLOTS_MAX);
    if (!reshare->is_public || !(reshare->dealt >> dealer & 1)) return false;
    const uint8_t *at = assay_share_round_at(r, reshare->place, dealer);
    const size_t points = (size_t)r->config.k * ASSAY_SODIUM_POINT_LEN;
    *dealing = (struct assay_share_public_dealing){ .slots = r->config.slots };
    dealing->commitments.k = r->config.k;
    assay_bytes_copy(dealing->commitments.point, sizeof dealing->commitments.point, at, points);
    assay_bytes_copy(dealing->dealt, sizeof dealing->dealt, at + points, ASSAY_SODIUM_POINT_LEN);
    assay_bytes_copy(dealing->sealed, sizeof dealing->sealed, at + points + ASSAY_SODIUM_POINT_LEN,
                     (size_t)r->config.slots * 32);
    return true;
}

void assay_share_registry_get_label(const struct assay_share_registry *r,
                                    const struct assay_share_reshare *reshare, uint32_t dealer,
                                    uint32_t taker, uint8_t label[static 32])
{
    ASSAY_ASSERT(dealer < ASSAY_SHARE_SLOTS_MAX && taker < ASSAY_SHARE_SLOTS_MAX);
    struct assay_share_sealed_for what = {
        .era = r->round->era, .cluster = reshare->cluster, .generation = reshare->generation,
        .attempt = reshare->attempt, .dealer = dealer, .taker = taker,
    };
    assay_bytes_copy(what.id, 32, r->row[reshare->row].id, 32);
    assay_share_sealed_label(&r->config.home, &what, label);
}

static void add_round_fact(const struct assay_share_registry *r,
                           const struct assay_share_reshare *reshare,
                           enum assay_share_fact_kind kind, struct assay_share_facts *facts)
{
    ASSAY_ASSERT(reshare->is_public);
    struct assay_share_fact *fact = assay_share_fact_add(facts, kind);
    fact->cluster = reshare->cluster;
    fact->generation = reshare->generation;
    fact->attempt = reshare->attempt;
    fact->dealers = reshare->dealers;
    fact->is_public = true;
    assay_bytes_copy(fact->id, 32, r->row[reshare->row].id, 32);
}

/* --- authorization */

/* Of this era, for a slot that the member has with the signing key. */
static enum assay_share_result check_speaker(const struct assay_share_registry *r, uint32_t member,
                                             const struct assay_share_speaker *speaker)
{
    if (member >= ASSAY_SHARE_MEMBERS_MAX) return ASSAY_SHARE_NOT_HERE;
    if (speaker->era != r->era) return ASSAY_SHARE_LATE; /* its numbers are reused */
    const uint32_t slot = assay_share_slot_of(r, speaker->cluster, member, speaker->seating);
    if (slot == r->config.slots || slot != speaker->slot) return ASSAY_SHARE_STRANGER;
    const struct assay_share_seat *seat = &r->cluster[speaker->cluster].seat[slot];
    return assay_bytes_equal(seat->key, speaker->key, sizeof seat->key) &&
                   assay_bytes_equal(r->member[member].node, speaker->node, 32)
               ? ASSAY_SHARE_APPLIED : ASSAY_SHARE_STRANGER;
}

enum assay_share_result assay_share_registry_apply_key(struct assay_share_registry *r,
                                                       uint32_t member,
                                                       const struct assay_share_key_record *record,
                                                       struct assay_share_facts *facts)
{
    facts->count = 0;
    const enum assay_share_result result = check_speaker(r, member, &record->speaker);
    if (result != ASSAY_SHARE_APPLIED) return result;
    struct assay_share_cluster *c = &r->cluster[record->speaker.cluster];
    struct assay_share_seat *seat = &c->seat[record->speaker.slot];
    if (record->round != c->rounds)
        return record->round < c->rounds ? ASSAY_SHARE_LATE : ASSAY_SHARE_MISMATCH;
    if (seat->has_next && seat->next_era == r->era &&
        assay_bytes_equal(seat->next, record->point, sizeof seat->next))
        return ASSAY_SHARE_SAME;
    seat->has_next = true;
    seat->next_era = r->era;
    assay_bytes_copy(seat->next, sizeof seat->next, record->point, sizeof record->point);
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_KEYED);
    fact->cluster = record->speaker.cluster;
    fact->slot = record->speaker.slot;
    fact->member = member;
    return ASSAY_SHARE_APPLIED;
}

/* --- dealings */

static struct assay_share_reshare *under_way(const struct assay_share_registry *r,
                                             uint32_t cluster, const uint8_t id[static 32],
                                             uint32_t generation, uint64_t attempt)
{
    const struct assay_share_row *row = assay_share_registry_find(r, id);
    if (row == NULL || row->reshare == 0) return NULL;
    struct assay_share_reshare *reshare = &r->reshare[row->reshare - 1];
    return reshare->is_public && reshare->cluster == cluster &&
                   reshare->generation == generation && reshare->attempt == attempt
               ? reshare : NULL;
}

static bool is_dealing_fit(const struct assay_share_registry *r,
                           const struct assay_share_public_dealing *dealing)
{
    if (dealing->slots != r->config.slots || dealing->commitments.k != r->config.k) return false;
    for (uint32_t i = 0; i < dealing->slots; i++)
        if (!assay_dealing_is_sealed(dealing->sealed[i])) return false;
    return assay_share_commitments_check(&dealing->commitments) == ASSAY_OK;
}

/* Void dealings are rejected before anything is computed. */
static enum assay_share_result apply_dealing(struct assay_share_registry *r,
                                             const struct assay_share_speaker *dealer,
                                             const struct assay_share_dealing_line *line)
{
    ASSAY_ASSERT(dealer->slot < r->config.slots);
    uint8_t label[32];
    struct assay_share_reshare *reshare =
        under_way(r, dealer->cluster, line->id, line->generation, line->attempt);
    const uint32_t bit = 1u << dealer->slot;
    if (reshare == NULL) return ASSAY_SHARE_UNKNOWN;
    if (r->round->phase != ASSAY_SHARE_PHASE_DEALS) return ASSAY_SHARE_LATE;
    if (!(reshare->able & bit) || (r->round->out & bit)) return ASSAY_SHARE_STRANGER;
    if (reshare->dealt & bit) return ASSAY_SHARE_SAME; /* one polynomial per attempt */
    if (!is_dealing_fit(r, &line->dealing)) return ASSAY_SHARE_MISMATCH;
    assay_share_dealing_label(&r->config.home, dealer, line, label);
    if (!assay_dealing_verify(line->dealing.dealt, label, &line->proof))
        return ASSAY_SHARE_MISMATCH;
    const size_t stride = assay_share_round_stride(&r->config);
    struct assay_writer w = assay_writer_over(
        assay_share_round_at(r, reshare->place, dealer->slot), stride);
    assay_writer_put(&w, line->dealing.commitments.point,
                     (size_t)r->config.k * ASSAY_SODIUM_POINT_LEN);
    assay_writer_put(&w, line->dealing.dealt, sizeof line->dealing.dealt);
    assay_writer_put(&w, line->dealing.sealed, (size_t)r->config.slots * 32);
    ASSAY_ASSERT(!w.full && w.len == stride);
    reshare->dealt |= bit;
    ASSAY_ASSERT((reshare->dealt & ~reshare->able) == 0);
    return ASSAY_SHARE_APPLIED;
}

enum assay_share_result assay_share_registry_apply_dealing(
    struct assay_share_registry *r, uint32_t member,
    const struct assay_share_dealing_record *record, struct assay_share_facts *facts)
{
    ASSAY_ASSERT(record->count <= ASSAY_SHARE_DEALINGS_MAX);
    facts->count = 0;
    enum assay_share_result last = check_speaker(r, member, &record->speaker);
    bool applied = false;
    if (last != ASSAY_SHARE_APPLIED) return last;
    for (uint32_t i = 0; i < record->count; i++) {
        last = apply_dealing(r, &record->speaker, &record->line[i]);
        applied = applied || last == ASSAY_SHARE_APPLIED;
    }
    return applied ? ASSAY_SHARE_APPLIED : last;
}

/* --- disputes */

/* The number that was sealed for the disputing slot becomes public. */
static bool is_number_valid(const struct assay_share_registry *r,
                            const struct assay_share_reshare *reshare,
                            const struct assay_share_public_dealing *dealing,
                            const struct assay_share_dispute_record *record)
{
    const uint32_t taker = record->speaker.slot;
    ASSAY_ASSERT(taker < r->config.slots && (r->round->takers >> taker & 1));
    struct assay_secret32 number;
    uint8_t label[32];
    assay_share_registry_get_label(r, reshare, record->dealer, taker, label);
    /* Without a valid opening nothing is proven against it. */
    if (assay_dealing_read_public(r->round->key[taker], dealing->dealt, record->shown, label,
                                  &record->proof, dealing->sealed[taker], &number) != ASSAY_OK)
        return true;
    return assay_share_verify(&dealing->commitments, taker, &number) == ASSAY_OK;
}

static enum assay_share_result check_dispute(const struct assay_share_registry *r,
                                             const struct assay_share_reshare *reshare,
                                             const struct assay_share_dispute_record *record)
{
    struct assay_share_public_dealing dealing;
    uint8_t digest[32];
    const bool dealt = assay_share_registry_get_dealing(r, reshare, record->dealer, &dealing);
    ASSAY_ASSERT(dealt);
    if (record->kind == ASSAY_SHARE_DISPUTE_NUMBER)
        return is_number_valid(r, reshare, &dealing, record) ? ASSAY_SHARE_HONEST
                                                             : ASSAY_SHARE_APPLIED;
    assay_share_commitments_digest(&record->current, digest);
    if (!assay_bytes_equal(digest, r->row[reshare->row].digest, 32)) return ASSAY_SHARE_MISMATCH;
    return assay_share_constant_verify(&record->current, record->dealer, &dealing.commitments) ==
                   ASSAY_OK
               ? ASSAY_SHARE_HONEST : ASSAY_SHARE_APPLIED;
}

static void bar_member(struct assay_share_registry *r, uint32_t member,
                       const struct assay_share_dispute_record *record,
                       struct assay_share_facts *facts)
{
    ASSAY_ASSERT(member < ASSAY_SHARE_MEMBERS_MAX);
    r->member[member].barred_until = r->epoch + ASSAY_SHARE_SILENT_EPOCHS;
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_BARRED);
    fact->cluster = record->speaker.cluster;
    fact->slot = record->speaker.slot;
    fact->member = member;
    assay_bytes_copy(fact->id, 32, record->id, 32);
}

/* docs/services.md 5.17.4: each computed dispute convicts a dealer or bars its author, so their
 * number in 64 epochs is at most twice that of the members. */
enum assay_share_result assay_share_registry_apply_dispute(
    struct assay_share_registry *r, uint32_t member,
    const struct assay_share_dispute_record *record, struct assay_share_facts *facts)
{
    facts->count = 0;
    enum assay_share_result result = check_speaker(r, member, &record->speaker);
    if (result != ASSAY_SHARE_APPLIED) return result;
    if (r->member[member].barred_until > r->epoch) return ASSAY_SHARE_STRANGER;
    const uint32_t own = 1u << record->speaker.slot;
    struct assay_share_reshare *reshare = under_way(r, record->speaker.cluster, record->id,
                                                    record->generation, record->attempt);
    if (reshare == NULL) return ASSAY_SHARE_UNKNOWN;
    if (r->round->phase != ASSAY_SHARE_PHASE_DISPUTES) return ASSAY_SHARE_LATE;
    if (!(r->round->takers & own) || (r->round->out & own)) return ASSAY_SHARE_STRANGER;
    if (record->dealer >= r->config.slots || !(reshare->dealt >> record->dealer & 1))
        return ASSAY_SHARE_UNKNOWN;
    if (reshare->bad >> record->dealer & 1) return ASSAY_SHARE_SAME;
    ASSAY_ASSERT(member < ASSAY_SHARE_MEMBERS_MAX && (reshare->bad & ~reshare->dealt) == 0);
    result = check_dispute(r, reshare, record);
    if (result == ASSAY_SHARE_HONEST) bar_member(r, member, record, facts);
    if (result != ASSAY_SHARE_APPLIED) return result;
    assay_share_round_convicted(r, record->speaker.cluster, record->dealer);
    /* The slot's current holder has not dealt. */
    if (!(r->round->out >> record->dealer & 1)) {
        assay_share_convict(r, record->speaker.cluster, record->dealer, record->id, facts);
        assay_share_assign_seats(r, facts);
        assay_share_start_reshares(r, facts);
    }
    return ASSAY_SHARE_APPLIED;
}

/* --- confirmations */

enum assay_share_result assay_share_round_have(struct assay_share_registry *r, uint32_t number,
                                               uint32_t slot, const struct assay_share_line *line,
                                               struct assay_share_facts *facts)
{
    ASSAY_ASSERT(number < r->reshare_count && slot < r->config.slots);
    struct assay_share_reshare *reshare = &r->reshare[number];
    ASSAY_ASSERT(reshare->is_public);
    const uint32_t bit = 1u << slot, in = r->round->takers & ~r->round->out;
    if (line->attempt != reshare->attempt || r->round->phase != ASSAY_SHARE_PHASE_HAVES)
        return ASSAY_SHARE_UNKNOWN;
    if (!(in & bit)) return ASSAY_SHARE_STRANGER;
    if (reshare->have[0] & bit) return ASSAY_SHARE_SAME;
    if (!assay_bytes_equal(reshare->digest[0], line->digest, 32)) {
        /* Every node computes the right one from the ledger. */
        assay_share_convict(r, reshare->cluster, slot, line->id, facts);
        assay_share_assign_seats(r, facts);
        return ASSAY_SHARE_MISMATCH;
    }
    reshare->have[0] |= bit;
    if (reshare->have[0] == in && assay_share_count_bits(in) >= assay_share_needed(&r->config))
        assay_share_reshare_finish(r, number, 0, facts);
    return ASSAY_SHARE_APPLIED;
}

/* --- seats */

void assay_share_round_on_seat_change(struct assay_share_registry *r, uint32_t cluster,
                                      uint32_t slot)
{
    ASSAY_ASSERT(slot < r->config.slots);
    struct assay_share_round *round = r->round;
    if (round->phase == ASSAY_SHARE_PHASE_NONE || round->cluster != cluster) return;
    round->out |= round->takers & 1u << slot;
    for (uint32_t i = 0; i < r->reshare_count; i++)
        if (r->reshare[i].is_public) r->reshare[i].have[0] &= ~(1u << slot);
}

void assay_share_round_convicted(struct assay_share_registry *r, uint32_t cluster, uint32_t slot)
{
    ASSAY_ASSERT(slot < r->config.slots);
    const struct assay_share_round *round = r->round;
    if (round->cluster != cluster || (round->phase != ASSAY_SHARE_PHASE_DEALS &&
                                      round->phase != ASSAY_SHARE_PHASE_DISPUTES))
        return; /* none, or every node has verified its dealing */
    for (uint32_t i = 0; i < r->reshare_count; i++)
        if (r->reshare[i].is_public)
            r->reshare[i].bad |= r->reshare[i].dealt & 1u << slot;
}

/* docs/services.md 5.17.5: silence on the ledger, of a slot whose member was certified. */
static void record_silence(struct assay_share_registry *r, uint32_t cluster, uint32_t slot,
                           struct assay_share_facts *facts)
{
    const struct assay_share_seat *seat = &r->cluster[cluster].seat[slot];
    if (seat->member == ASSAY_SHARE_NO_MEMBER) return;
    ASSAY_ASSERT(seat->member < ASSAY_SHARE_MEMBERS_MAX);
    struct assay_share_member *m = &r->member[seat->member];
    const uint64_t before = m->silent_epoch; /* whatever key it lists, and in any seat */
    m->silent_epoch = r->epoch;
    r->cluster[cluster].public_until = r->epoch + ASSAY_SHARE_SILENT_EPOCHS;
    const bool again = before != 0 && r->epoch - before < ASSAY_SHARE_SILENT_EPOCHS;
    if (again) {
        m->away_until = r->epoch + ASSAY_SHARE_SILENT_EPOCHS;
        if (!assay_share_seat_may_go(r, cluster, slot)) m->away_until = 0;
    }
    struct assay_share_fact *fact = assay_share_fact_add(
        facts, m->away_until > r->epoch ? ASSAY_SHARE_AWAY : ASSAY_SHARE_SILENT);
    fact->cluster = cluster;
    fact->slot = slot;
    fact->member = seat->member;
}

/* Slots that had to submit something in each attempt of this phase, and did not in one; bits. */
static uint32_t find_silent_slots(const struct assay_share_registry *r)
{
    const struct assay_share_round *round = r->round;
    ASSAY_ASSERT(round->phase == ASSAY_SHARE_PHASE_DEALS ||
                 round->phase == ASSAY_SHARE_PHASE_HAVES);
    uint32_t silent = 0;
    for (uint32_t i = 0; i < r->reshare_count; i++) {
        const struct assay_share_reshare *reshare = &r->reshare[i];
        if (!reshare->is_public) continue;
        silent |= round->phase == ASSAY_SHARE_PHASE_DEALS ? reshare->able & ~reshare->dealt
                                                          : round->takers & ~reshare->have[0];
    }
    /* A slot whose holder may not act has no vote. */
    return silent & round->takers & ~round->out & assay_share_active_slots(r, round->cluster);
}

/* --- phases */

static uint32_t count_attempts(const struct assay_share_registry *r)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->reshare_count; i++)
        count += r->reshare[i].is_public;
    return count;
}

static void end_round(struct assay_share_registry *r)
{
    for (uint32_t i = r->reshare_count; i-- > 0;)
        if (r->reshare[i].is_public) assay_share_reshare_fail(r, i);
    ASSAY_ASSERT(count_attempts(r) == 0);
    assay_bytes_zero(r->round, sizeof *r->round);
}

static void enter_phase(struct assay_share_registry *r, enum assay_share_phase phase,
                        enum assay_share_fact_kind kind, struct assay_share_facts *facts)
{
    ASSAY_ASSERT(phase == r->round->phase + 1);
    r->round->phase = phase;
    r->round->closes = 0;
    r->round->certified = (1u << r->config.slots) - 1;
    for (uint32_t i = 0; i < r->reshare_count; i++)
        if (r->reshare[i].is_public) add_round_fact(r, &r->reshare[i], kind, facts);
}

/* docs/services.md 5.17.4: the first k valid dealings by slot. Returns: false when there are too
 * few, or their sum is no generation. */
static bool choose_dealings(struct assay_share_registry *r, struct assay_share_reshare *reshare)
{
    ASSAY_ASSERT(reshare->is_public && reshare->dealers == 0);
    struct assay_share_commitments dealt[ASSAY_SHARE_K_MAX], sum;
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < r->config.slots && count < r->config.k; slot++) {
        struct assay_share_public_dealing dealing;
        if (reshare->bad >> slot & 1) continue;
        if (!assay_share_registry_get_dealing(r, reshare, slot, &dealing)) continue;
        dealt[count++] = dealing.commitments;
        reshare->dealers |= 1u << slot;
    }
    if (count < r->config.k ||
        assay_share_combine_commitments(reshare->dealers, dealt, &sum) != ASSAY_OK)
        return false;
    ASSAY_ASSERT(assay_share_count_bits(reshare->dealers) == r->config.k);
    assay_share_commitments_digest(&sum, reshare->digest[0]);
    return true;
}

static bool all_have_dealt(const struct assay_share_registry *r)
{
    return find_silent_slots(r) == 0;
}

static void close_confirmations(struct assay_share_registry *r, bool last,
                                struct assay_share_facts *facts)
{
    ASSAY_ASSERT(r->round->phase == ASSAY_SHARE_PHASE_HAVES);
    for (uint32_t i = r->reshare_count; i-- > 0;) {
        const struct assay_share_reshare *reshare = &r->reshare[i];
        if (!reshare->is_public) continue;
        const uint32_t in = r->round->takers & ~r->round->out;
        const bool enough =
            assay_share_count_bits(reshare->have[0]) >= assay_share_needed(&r->config);
        if (enough && (last || reshare->have[0] == in)) assay_share_reshare_finish(r, i, 0, facts);
    }
}

void assay_share_round_close(struct assay_share_registry *r, struct assay_share_facts *facts)
{
    struct assay_share_round *round = r->round;
    uint32_t silent = 0;
    if (round->phase == ASSAY_SHARE_PHASE_NONE) return;
    if (round->era != r->era) { /* a new era has undone the confirmations */
        end_round(r);
        return;
    }
    ASSAY_ASSERT(round->closes < ASSAY_SHARE_ROUND_CLOSES);
    const uint32_t cluster = round->cluster;
    for (uint32_t slot = 0; slot < r->config.slots; slot++) {
        const uint32_t member = r->cluster[cluster].seat[slot].member;
        if (member == ASSAY_SHARE_NO_MEMBER || !r->certified[member])
            round->certified &= ~(1u << slot);
    }
    const bool last = ++round->closes == ASSAY_SHARE_ROUND_CLOSES;
    if (last && round->phase != ASSAY_SHARE_PHASE_DISPUTES)
        silent = find_silent_slots(r) & round->certified;
    if (round->phase == ASSAY_SHARE_PHASE_DEALS) {
        if (last || all_have_dealt(r))
            enter_phase(r, ASSAY_SHARE_PHASE_DISPUTES, ASSAY_SHARE_SHOWN, facts);
    } else if (round->phase == ASSAY_SHARE_PHASE_DISPUTES) {
        for (uint32_t i = r->reshare_count; i-- > 0 && last;)
            if (r->reshare[i].is_public && !choose_dealings(r, &r->reshare[i]))
                assay_share_reshare_fail(r, i);
        if (last) enter_phase(r, ASSAY_SHARE_PHASE_HAVES, ASSAY_SHARE_CHOSEN, facts);
    } else {
        close_confirmations(r, last, facts);
        if (last) end_round(r);
    }
    if (round->phase != ASSAY_SHARE_PHASE_NONE && count_attempts(r) == 0) end_round(r);
    for (uint32_t slot = 0; slot < r->config.slots; slot++)
        if (silent >> slot & 1) record_silence(r, cluster, slot, facts);
}

/* --- start of a round */

/* Slots that can be dealt to: their holder may act, and has a key. */
static uint32_t find_keyed_slots(const struct assay_share_registry *r, uint32_t cluster)
{
    ASSAY_ASSERT(cluster < r->config.clusters);
    const uint32_t standing = assay_share_active_slots(r, cluster);
    uint32_t keyed = 0;
    for (uint32_t slot = 0; slot < r->config.slots; slot++) {
        const struct assay_share_seat *seat = &r->cluster[cluster].seat[slot];
        if ((standing >> slot & 1) && seat->has_next && seat->next_era == r->era)
            keyed |= 1u << slot;
    }
    return keyed;
}

static uint32_t find_able_slots(const struct assay_share_registry *r,
                                const struct assay_share_row *row, uint32_t cluster, uint32_t keyed)
{
    ASSAY_ASSERT(cluster < r->config.clusters);
    if (!row->synced || row->wanted == 0 || row->due_epoch == 0 || row->reshare != 0) return 0;
    if (row->tried == UINT16_MAX || row->generation == UINT32_MAX) return 0;
    const uint32_t able = row->have[cluster] & r->cluster[cluster].ready & keyed;
    return assay_share_count_bits(able) >= r->config.k ? able : 0;
}

static void start_attempt(struct assay_share_registry *r, uint32_t number, uint32_t able,
                          uint32_t place, struct assay_share_facts *facts)
{
    ASSAY_ASSERT(r->reshare_count < ASSAY_SHARE_RESHARES_MAX && number < r->row_count);
    ASSAY_ASSERT(able != 0 && place < assay_share_round_ids(&r->config));
    struct assay_share_row *row = &r->row[number];
    ASSAY_ASSERT(row->synced && row->reshare == 0);
    struct assay_share_reshare *reshare = &r->reshare[r->reshare_count++];
    row->reshare = r->reshare_count;
    row->tried++;
    *reshare = (struct assay_share_reshare){
        .row = number, .cluster = r->round->cluster, .generation = row->generation + 1,
        .attempt = assay_share_row_attempt(row), .whole = true, .is_public = true,
        .able = able, .place = place,
    };
    r->begun++;
    add_round_fact(r, reshare, ASSAY_SHARE_BEGUN, facts);
}

/* docs/services.md 5.17.1: among those that can be dealt here, the one that has waited longest.
 * Returns: its row; row_count when there is none. */
static uint32_t find_oldest(const struct assay_share_registry *r, uint32_t cluster, uint32_t keyed)
{
    uint32_t oldest = r->row_count;
    for (uint32_t i = 0; i < r->row_count; i++)
        if (find_able_slots(r, &r->row[i], cluster, keyed) != 0 &&
            (oldest == r->row_count || r->row[i].due_epoch < r->row[oldest].due_epoch))
            oldest = i;
    return oldest;
}

/* docs/services.md 5.17.1: no more than a dealer can submit with its quota of one epoch, half of
 * its quota of the phase: a dealer that cannot submit everything would count as silent. */
static uint32_t round_room(const struct assay_share_registry *r)
{
    const uint32_t all = ASSAY_SHARE_EPOCH_LEN / ASSAY_SHARE_AUTHOR_LEN;
    const uint32_t part =
        r->members > all ? ASSAY_SHARE_EPOCH_LEN / r->members : ASSAY_SHARE_AUTHOR_LEN;
    const uint32_t line = DEALING_LINE_LEN + 32 * (r->config.k + r->config.slots);
    const uint32_t most = assay_share_round_ids(&r->config);
    return part / line < most ? part / line : most;
}

static void start_round_in(struct assay_share_registry *r, uint32_t cluster, uint32_t keyed,
                           struct assay_share_facts *facts)
{
    ASSAY_ASSERT(r->round->phase == ASSAY_SHARE_PHASE_NONE && r->round->takers == 0);
    r->round->cluster = cluster;
    for (uint32_t count = 0; count < round_room(r) &&
                             r->reshare_count < ASSAY_SHARE_RESHARES_MAX;
         count++) {
        const uint32_t number = find_oldest(r, cluster, keyed);
        if (number == r->row_count) break;
        start_attempt(r, number, find_able_slots(r, &r->row[number], cluster, keyed), count, facts);
    }
    r->round->phase = ASSAY_SHARE_PHASE_DEALS;
    r->round->era = r->era;
    r->round->takers = keyed;
    r->cluster[cluster].rounds++;
    r->round->certified = (1u << r->config.slots) - 1;
    for (uint32_t slot = 0; slot < r->config.slots; slot++) {
        struct assay_share_seat *seat = &r->cluster[cluster].seat[slot];
        if (keyed >> slot & 1) assay_bytes_copy(r->round->key[slot], 32, seat->next, 32);
        seat->has_next = false; /* single use: a later holder cannot read earlier dealings */
        seat->next_era = 0;
        assay_bytes_zero(seat->next, sizeof seat->next);
    }
}

void assay_share_round_start(struct assay_share_registry *r, struct assay_share_facts *facts)
{
    uint32_t cluster = 0, keyed = 0;
    uint64_t since = UINT64_MAX;
    if (r->round->phase != ASSAY_SHARE_PHASE_NONE) return;
    for (uint32_t i = 0; i < r->config.clusters; i++) {
        const uint32_t c = (uint32_t)((r->epoch + i) % r->config.clusters);
        const uint32_t keys = find_keyed_slots(r, c);
        if (assay_share_count_bits(keys) < assay_share_needed(&r->config)) continue;
        const uint32_t oldest = find_oldest(r, c, keys);
        if (oldest == r->row_count || r->row[oldest].due_epoch >= since) continue;
        since = r->row[oldest].due_epoch;
        cluster = c;
        keyed = keys;
    }
    if (since != UINT64_MAX) start_round_in(r, cluster, keyed, facts);
}

/* --- invariants */

_Static_assert(ASSAY_SHARE_DIGESTS_MAX == 3, "is_attempt_sound looks at each");
_Static_assert(ASSAY_SHARE_ROUND_IDS_MAX <= 64, "places are bits");

static bool is_attempt_valid(const struct assay_share_registry *r,
                             const struct assay_share_reshare *reshare)
{
    const struct assay_share_round *round = r->round;
    const bool chosen = round->phase == ASSAY_SHARE_PHASE_HAVES;
    if (reshare->cluster != round->cluster || reshare->place >= assay_share_round_ids(&r->config))
        return false;
    if (reshare->able == 0 || (reshare->able & ~round->takers) != 0) return false;
    if ((reshare->dealt & ~reshare->able) != 0 || (reshare->bad & ~reshare->dealt) != 0)
        return false;
    if ((reshare->dealers & ~(reshare->dealt & ~reshare->bad)) != 0) return false;
    if (assay_share_count_bits(reshare->dealers) != (chosen ? r->config.k : 0)) return false;
    if ((reshare->have[0] & ~(round->takers & ~round->out)) != 0) return false;
    if ((reshare->have[1] | reshare->have[2] | reshare->other) != 0 || !reshare->whole)
        return false;
    return chosen || (reshare->have[0] == 0 && assay_bytes_all_zero(reshare->digest[0], 32));
}

bool assay_share_round_is_valid(const struct assay_share_registry *r)
{
    const struct assay_share_round *round = r->round;
    uint64_t places = 0;
    const uint32_t all = (1u << r->config.slots) - 1;
    for (uint32_t i = 0; i < r->reshare_count; i++) {
        const struct assay_share_reshare *reshare = &r->reshare[i];
        if (!reshare->is_public) continue;
        if (round->phase == ASSAY_SHARE_PHASE_NONE || !is_attempt_valid(r, reshare)) return false;
        if (places >> reshare->place & 1) return false;
        places |= (uint64_t)1 << reshare->place;
    }
    if (round->phase == ASSAY_SHARE_PHASE_NONE) return places == 0 && round->takers == 0;
    if (round->cluster >= r->config.clusters || !r->cluster[round->cluster].seated) return false;
    if ((round->takers & ~all) != 0 || (round->out & ~round->takers) != 0) return false;
    if ((round->certified & ~all) != 0 || round->closes >= ASSAY_SHARE_ROUND_CLOSES) return false;
    return assay_share_count_bits(round->takers) >= assay_share_needed(&r->config);
}
