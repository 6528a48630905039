/*
 * sim/services/group_key/audit.c - checkers of the group key (docs/identity.md 2, 3), from final
 * records, closes, disks and shares.
 *
 * group_key: the key of a CA number stays (numbers.c); hostile holders with a third of the weight
 * never have enough shares to sign or to prevent a signature; a holder that vouched has its shares,
 * which sign; no honest holder is convicted or barred; shares of replaced generations are erased.
 * ceremonies: once nothing fails any more, holders of three quarters of the weight that are ready
 * get a key, of four fifths where members leave meanwhile. No ceremony fails but by a hostile
 * holder that is convicted in it, and the next one begins at that close; or a few reshares that the
 * age of a generation alone demanded, while it signs. A key for which too few shares are left makes
 * way for another. A holder that is ready lives at every close, whatever keys of other programs its
 * member registers. One that ran since dealings were disputed has shares of the generation, also if
 * it was away when they became final.
 *
 * Who is hostile, who runs, whose disk was lost is ground truth: the fold is never asked who may
 * hold, or whether a table is safe. That all honest members have the same documents of the fold is
 * checked with those of all services (registry_follower.c, recount.c).
 */
#include "sim/services/group_key/sessions.h"

enum {
    ERASE_SLACK = 2, /* closes more than a holder counts before it erases */
    IDLE_MOST = 2,   /* closes without ceremony and key */
    FIRST_MOST = 8,  /* more before the first one, which members that start later may join */
    /* Closes with too few shares that are somewhere: holders say so, then it is lost (3.14). */
    USELESS_MOST = ASSAY_CA_FEW_EPOCHS + 8,
    USELESS_NEXT_MOST = 4, /* of NEXT: within these its holders say so */
    /* Certified closes at which a holder was ready: after that its entry is on the ledger. */
    SHOWN_MOST = 4,
    KEPT_MOST = 4,      /* reshares in a row that fail, so that a whole generation goes on */
    RESTORED_FOR = 16,  /* epochs after which a holder with another disk counts as ready again */
    CEREMONY_MOST = 16, /* epochs from its begin until its generation is in force */
    AWAKE_BEFORE = 4,   /* certified closes before it: those of DISPUTES, and two of HAVES */
    VOUCHES_WITHIN = 3, /* closes of a generation in force, of a holder that ran before */
};

#define LOOK KEY_LOOK

static const struct assay_ca *fold_of(const struct assay_sim_services *s)
{
    return s->recount.registry != NULL ? assay_registry_identity(s->recount.registry) : NULL;
}

static bool is_honest(const struct assay_sim_services *s, uint32_t node)
{
    return s->world.honest(s->world.context, node);
}

/* The host of a holder of a sharing. Returns: NULL: its member has another machine now */
static struct key_host *host_of(struct assay_sim_services *s, const struct assay_ca_holder *row)
{
    struct key_host *k = row->slot < s->nodes ? &s->group_key->host[row->slot] : NULL;
    return k != NULL && assay_bytes_equal(k->node_id, row->node_id, 32) ? k : NULL;
}

/* --- shares */

/* In: number: of which `force` is the generation in force */
static bool has_shares(const struct key_host *k, const struct assay_ca *ca, uint32_t number,
                       const struct assay_ca_sharing *force, const struct assay_ca_holder *row,
                       struct assay_secret32 share[static ASSAY_FROST_INDICES_MAX + 1])
{
    uint8_t point[32];
    if (k == NULL || k->holder == NULL ||
        assay_ceremony_holder_shares(k->holder, ca, number, share) != ASSAY_OK)
        return false;
    for (uint32_t j = row->first; j < row->first + row->indices; j++)
        if (assay_sodium_edwards_base(&share[j], point) != ASSAY_OK ||
            !assay_bytes_equal(point, force->public_share[j - 1], 32))
            return false;
    return true;
}

/* Holders of the first shares that are there sign together. */
static void check_signature(struct assay_sim_services *s, const struct assay_ca *ca,
                            const struct assay_secret32 *share, const uint32_t *index)
{
    static const uint8_t text[] = "certificate";
    const uint32_t t = ca->force.threshold;
    const struct assay_slice message = assay_slice_over(text, sizeof text);
    struct assay_frost_nonces nonces[ASSAY_FROST_SIGNERS_MAX];
    struct assay_frost_commitment commitment[ASSAY_FROST_SIGNERS_MAX];
    struct assay_frost_session session;
    uint8_t answers[ASSAY_FROST_SIGNERS_MAX * 32], signature[64], random[64];
    bool good = t <= ASSAY_FROST_SIGNERS_MAX;
    for (uint32_t i = 0; good && i < t; i++) {
        services_bytes(&s->group_key->random, random, sizeof random);
        good = assay_frost_commit(index[i], &share[index[i]], random, &nonces[i], &commitment[i]) ==
               ASSAY_OK;
    }
    good = good && assay_frost_begin(ca->key, message, commitment, t, &session) == ASSAY_OK;
    for (uint32_t i = 0; good && i < t; i++)
        good = assay_frost_sign(&session, index[i], &share[index[i]],
                                ca->force.public_share[index[i] - 1], &nonces[i],
                                answers + (size_t)i * 32) == ASSAY_OK;
    good = good && assay_frost_combine(&session, message, answers, signature) == ASSAY_OK &&
           assay_sodium_edwards_verify(ca->key, message, signature);
    s->group_key->audit.count.signatures += good;
    LOOK(s, GROUP_KEY, good, "shares of generation %llu make no signature",
         (unsigned long long)ca->force.generation);
}

/* Ground truth of one generation: who has which shares. */
struct shares_seen {
    uint32_t hostile, honest;                /* indices */
    uint32_t index[ASSAY_FROST_INDICES_MAX]; /* of honest holders that run, ascending */
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX + 1];
};

static void collect_shares(struct assay_sim_services *s, const struct assay_ca *ca,
                           struct shares_seen *seen)
{
    for (uint32_t i = 0; i < ca->force.holders; i++) {
        const struct assay_ca_holder *row = &ca->force.holder[i];
        struct key_host *k = host_of(s, row);
        const bool has = has_shares(k, ca, ca->ca_number, &ca->force, row, seen->share);
        if (k == NULL) continue; /* its member left: it had no part in the promise */
        if (!is_honest(s, row->slot)) {
            seen->hostile += row->indices;
            continue;
        }
        if (has && !row->lost)
            for (uint32_t j = 0; j < row->indices; j++)
                seen->index[seen->honest++] = row->first + j;
        if (!row->has || row->lost || k->was_restored || k->holder == NULL || !k->has_closed ||
            k->closed.force.generation != ca->force.generation)
            continue;
        LOOK(s, GROUP_KEY, has, "node %u vouched for generation %llu and lacks its shares",
             row->slot, (unsigned long long)ca->force.generation);
    }
}

/* Indices of NEXT that honest holders which run have shares of. */
static uint32_t count_next(struct assay_sim_services *s, const struct assay_ca *ca)
{
    const struct assay_ca_sharing *force = &ca->next.force;
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX + 1];
    uint32_t indices = 0;
    for (uint32_t i = 0; ca->next.number > 0 && i < force->holders; i++) {
        const struct assay_ca_holder *row = &force->holder[i];
        const struct key_host *k = host_of(s, row);
        if (k != NULL && is_honest(s, row->slot) && !row->lost &&
            has_shares(k, ca, ca->next.number, force, row, share))
            indices += row->indices;
    }
    assay_secret_wipe(share, sizeof share);
    return indices;
}

/* Goals 2.1 and 2.2 of this generation, while it is promised. */
static void check_shares(struct assay_sim_services *s, const struct assay_ca *ca, bool is_new)
{
    struct shares_seen seen = { 0 };
    s->group_key->audit.usable = 0;
    s->group_key->audit.usable_next = count_next(s, ca);
    if (ca->ca_number == 0) return;
    collect_shares(s, ca, &seen);
    s->group_key->audit.usable = seen.honest;
    if (s->group_key->audit.is_promised) {
        LOOK(s, GROUP_KEY, seen.hostile < ca->force.threshold,
             "hostile holders have %u of %u shares that sign", seen.hostile, ca->force.threshold);
        LOOK(s, GROUP_KEY, ca->force.count - seen.hostile >= ca->force.threshold,
             "without hostile holders %u shares are left, %u sign", ca->force.count - seen.hostile,
             ca->force.threshold);
    }
    if (seen.honest >= ca->force.threshold && (is_new || ca->epoch % 8 == 0))
        check_signature(s, ca, seen.share, seen.index);
    assay_secret_wipe(&seen, sizeof seen);
}

/* A holder that saw so many closes has no share of an earlier generation, and none at all of a
 * number that is gone. What a newer era does not have its operator erases (3.16). */
static void check_erased(struct assay_sim_services *s, const struct key_host *k)
{
    const struct assay_ca *ca = &k->closed;
    if (k->holder == NULL || !k->has_closed || s->undone || k->was_restored || k->must_step) return;
    const bool is_old = k->closes >= ASSAY_CEREMONY_HOLDER_ERASE_CLOSES + ERASE_SLACK;
    for (uint32_t i = 0; i < KEY_ITEMS; i++) {
        const struct assay_ceremony_item *item = &k->disk.item[i].item;
        if (k->disk.item[i].data.len == 0 || item->kind != ASSAY_CEREMONY_SHARES) continue;
        LOOK(s, GROUP_KEY,
             item->name.era != ca->era || item->name.ca_number > ca->numbers ||
                 assay_ca_state_of(ca, item->name.ca_number) != ASSAY_CA_GONE,
             "node %u has shares of number %u, which is gone", k->node, item->name.ca_number);
        if (!is_old) continue;
        if (item->name.era != ca->force.era || item->name.ca_number == ca->next.number) continue;
        LOOK(s, GROUP_KEY, item->name.generation >= ca->force.generation,
             "node %u has shares of generation %llu, %u closes after it was replaced", k->node,
             (unsigned long long)item->name.generation, k->closes);
    }
}

/* --- members */

/* A conviction costs the member's standing at the close of its epoch (3.17). */
static void check_struck(struct assay_sim_services *s, const struct assay_ca *ca)
{
    for (uint32_t i = 0; i < ca->convicted; i++) {
        const struct assay_ca_conviction *c = &ca->conviction[i];
        if (c->epoch + 1 != ca->epoch) continue;
        for (uint32_t slot = 0; slot < ca->slots; slot++)
            LOOK(s, GROUP_KEY,
                 !assay_bytes_equal(ca->member[slot].node_id, c->node_id, 32) ||
                     !ca->member[slot].is_warning,
                 "the holder of node %u is convicted, and its member keeps its standing", slot);
    }
}

static void check_justice(struct assay_sim_services *s, const struct assay_ca *ca)
{
    check_struck(s, ca);
    for (uint32_t i = 0; i < s->nodes; i++) {
        const struct key_host *k = &s->group_key->host[i];
        if (assay_bytes_all_zero(k->node_id, 32) || !is_honest(s, i)) continue;
        LOOK(s, GROUP_KEY, !assay_ca_is_convicted(ca, k->node_id),
             "node %u is honest, and its holder is convicted", i);
        LOOK(s, GROUP_KEY, ca->barred_until[i] <= ca->epoch,
             "node %u is honest, and its holder may not accuse", i);
    }
}

/* An accusation shows e R of its author to everybody. Where an honest dealer has the same R, its
 * value for that author is public with it: enough of these are the key (attack 4). */
void key_disputed(const struct key_host *k, uint32_t slot, struct assay_slice payload)
{
    struct assay_sim_services *s = k->s;
    struct assay_ca_dispute_record dispute;
    struct assay_ca_deal_record accused, other;
    if (!is_honest(s, k->node) || !is_honest(s, slot)) return;
    if (assay_ca_dispute_decode(payload, &dispute) != ASSAY_OK ||
        dispute.kind != ASSAY_CA_DISPUTE_VALUE ||
        assay_ca_deal_decode(dispute.dealing, &accused) != ASSAY_OK)
        return;
    for (uint32_t i = 0; i < KEY_DEALINGS; i++) {
        const struct key_bytes *data = &k->dealing[i].data;
        if (data->len == 0 ||
            assay_ca_deal_decode(assay_slice_over(data->bytes, data->len), &other) != ASSAY_OK ||
            assay_bytes_equal(other.scope.node_id, accused.scope.node_id, 32))
            continue;
        LOOK(s, GROUP_KEY, !assay_bytes_equal(other.dealt, accused.dealt, 32),
             "the accusation by node %u opens the value that another dealer sent it", slot);
    }
}

/* --- ceremonies */

/* Nothing fails but hostile holders and, as long as they are tested, holders and their disks. */
static bool is_healed(const struct assay_sim_services *s)
{
    const struct assay_scenario *x = s->scenario;
    for (uint32_t i = 0; i < x->adversary_count; i++)
        if (x->adversaries[i].attack != ASSAY_SIM_ATTACK_MISDEAL &&
            x->adversaries[i].attack != ASSAY_SIM_ATTACK_MISSIGN)
            return false;
    return x->heal_epoch > 0 && s->epoch > x->heal_epoch;
}

bool key_is_calm(const struct assay_sim_services *s)
{
    const bool tests_holders =
        services_is_on(s) && (s->load->key_crashes_permille > 0 || s->load->key_disks_permille > 0);
    return is_healed(s) && !tests_holders;
}

/* Slots of honest members whose holders run, with keys that the last close has as active. */
static uint64_t find_running(const struct assay_sim_services *s, const struct assay_ca *ca)
{
    uint64_t running = 0;
    for (uint32_t i = 0; i < s->nodes; i++) {
        const struct key_host *k = &s->group_key->host[i];
        const struct assay_ca_member *m = &ca->member[i];
        if (k->holder == NULL || !is_honest(s, i)) continue;
        if (s->world.engine(s->world.context, i) == NULL) continue;
        if (m->is_full && m->keys_active && k->disk.acted_epoch + 1 >= ca->epoch)
            running |= UINT64_C(1) << i;
    }
    return running;
}

/* Those of them whose disks were not lost lately. barred: with those that lost shares of the
 * generation in force. */
static uint64_t find_ready(const struct assay_sim_services *s, const struct assay_ca *ca,
                           bool barred)
{
    uint64_t ready = find_running(s, ca);
    for (uint32_t i = 0; i < s->nodes; i++) {
        const struct key_host *k = &s->group_key->host[i];
        const bool was_lost = k->was_restored && s->epoch < k->restored_epoch + RESTORED_FOR;
        if (was_lost || (!barred && ca->lost_until[i] > ca->epoch)) ready &= ~(UINT64_C(1) << i);
    }
    return ready;
}

static uint64_t find_weight(const struct assay_ca *ca, uint64_t slots)
{
    uint64_t weight = 0;
    for (uint32_t i = 0; i < NODES; i++)
        if ((slots >> i & 1) != 0) weight += ca->member[i].weight;
    return weight;
}

static bool is_enough_of(const struct assay_ca *ca, uint64_t slots, uint64_t total_weight)
{
    return total_weight > 0 && 4 * find_weight(ca, slots) >= 3 * total_weight;
}

static bool is_enough(const struct assay_ca *ca, uint64_t slots)
{
    return is_enough_of(ca, slots, ca->total_weight);
}

/* Relying parties trust at most two numbers that were lost or replaced, each for its time: a key
 * that is lost meanwhile waits (3.15). */
static bool has_place(const struct assay_ca *ca)
{
    for (uint32_t i = 0; i < ca->olds; i++)
        if (ca->old[i].until <= ca->epoch) return true;
    return ca->olds < ASSAY_CA_OLD_MAX;
}

/* Relying parties get nothing from a key whose shares are gone, so the ledger finds that out, and
 * another key is made, or NEXT is there for it. */
static void check_useful(struct assay_sim_services *s, const struct assay_ca *ca, bool certified)
{
    struct key_audit *a = &s->group_key->audit;
    const bool makes_next = ca->ceremony.phase != ASSAY_CA_IDLE && !ca->ceremony.is_reshare;
    const bool is_useful = ca->ca_number == 0 || a->usable >= ca->force.threshold || makes_next;
    if (is_useful || !has_place(ca) || !key_is_calm(s) || !is_enough(ca, find_ready(s, ca, true)))
        a->useless = 0;
    else if (certified) a->useless++;
    LOOK(s, CEREMONIES, a->useless <= USELESS_MOST,
         "honest holders have %u shares of generation %llu, %u sign, and no other key is made",
         a->usable, (unsigned long long)ca->force.generation, ca->force.threshold);
}

/* Holders of NEXT whose shares are gone say so, also while others lose theirs: it goes, and does
 * not sign instead of a number that is made for it. */
static void check_next(struct assay_sim_services *s, const struct assay_ca *ca, bool certified)
{
    struct key_audit *a = &s->group_key->audit;
    const bool signs_now = a->next > 0 && ca->ca_number == a->next;
    const bool is_useful = ca->next.number == 0 || ca->next.number != a->next ||
                           a->usable_next >= ca->next.force.threshold;
    LOOK(s, CEREMONIES, !signs_now || a->useless_next <= USELESS_NEXT_MOST,
         "CA number %u signs in epoch %llu, and for %u closes honest holders have too few shares",
         ca->ca_number, (unsigned long long)ca->epoch, a->useless_next);
    if (is_useful || !is_healed(s) || !is_enough(ca, find_running(s, ca))) a->useless_next = 0;
    else if (certified) a->useless_next++;
    a->next = ca->next.number;
    LOOK(s, CEREMONIES, a->useless_next <= USELESS_MOST,
         "honest holders have %u shares of the next number, %u sign, and it stays", a->usable_next,
         ca->next.force.threshold);
}

/* The entry of a holder is in every list that its member declares. */
static void check_living(struct assay_sim_services *s, const struct assay_ca *ca, bool certified)
{
    struct key_audit *a = &s->group_key->audit;
    const uint64_t ready = key_is_calm(s) ? find_ready(s, ca, true) : 0;
    for (uint32_t i = 0; i < s->nodes; i++) {
        if ((ready >> i & 1) == 0) a->ready_for[i] = 0;
        else if (certified) a->ready_for[i]++;
    }
    for (uint32_t i = 0; i < ca->force.holders; i++) {
        const struct assay_ca_holder *row = &ca->force.holder[i];
        if (!row->has || row->lost || host_of(s, row) == NULL) continue;
        LOOK(s, CEREMONIES,
             a->ready_for[row->slot] <= SHOWN_MOST || assay_ca_lives_in(ca, &ca->force, row->first),
             "the holder of node %u is ready for %u closes, and its shares count as gone",
             row->slot, a->ready_for[row->slot]);
    }
}

/* A process that was away while dealings became final gets them from other holders. */
static void check_vouched(struct assay_sim_services *s, const struct assay_ca *ca,
                          const struct assay_ca_sharing *force, uint64_t since)
{
    if (!is_healed(s)) return;
    const uint64_t age = ca->epoch - since;
    for (uint32_t i = 0; i < force->holders; i++) {
        const struct assay_ca_holder *row = &force->holder[i];
        const struct key_host *k = host_of(s, row);
        if (k == NULL || k->holder == NULL || !is_honest(s, k->node) || k->is_fenced) continue;
        if (row->lost || row->inactive > 0 || !ca->member[row->slot].is_full) continue;
        if (k->was_restored && s->epoch <= k->restored_epoch + age + CEREMONY_MOST) continue;
        LOOK(s, CEREMONIES, row->has || age < VOUCHES_WITHIN || k->awake < age + AWAKE_BEFORE,
             "the holder of node %u runs for %llu closes, and has no shares of generation %llu, "
             "which is in force for %llu",
             row->slot, (unsigned long long)k->awake, (unsigned long long)force->generation,
             (unsigned long long)age);
    }
}

/* What the ceremony that runs reshares, for the close at which it ends. */
static void look_at_reshare(struct key_audit *a, const struct assay_ca *ca)
{
    a->was_reshare = ca->ceremony.is_reshare;
    a->have_closes = ca->ceremony.phase == ASSAY_CA_HAVES ? ca->ceremony.closes : 0;
    if (!a->was_reshare) return;
    const struct assay_ca_sharing *from = assay_ca_reshared(ca);
    const bool is_next = from == &ca->next.force;
    const uint64_t since = is_next ? ca->next.since : ca->since;
    a->was_planned = ca->ceremony.began - since >= ca->config.refresh;
    a->is_kept_useful = (is_next ? a->usable_next : a->usable) >= from->threshold;
}

/* Convicted holders and one of a third of the weight must not hold what blocks a table, so a
 * ceremony that makes such a table ends at the close that finds it. */
static void check_blocked(struct assay_sim_services *s, const struct assay_ca *ca)
{
    const struct assay_ca_sharing *next = &ca->ceremony.next;
    uint32_t convicted = 0, most = 0, total = 0;
    if (ca->ceremony.phase <= ASSAY_CA_OFFERS) return;
    for (uint32_t i = 0; i < next->holders; i++) {
        const struct assay_ca_holder *row = &next->holder[i];
        total += row->indices;
        if (assay_ca_is_convicted(ca, row->node_id)) convicted += row->indices;
        else if (3 * ca->member[row->slot].weight <= ca->total_weight && row->indices > most)
            most = row->indices;
    }
    LOOK(s, CEREMONIES, convicted == 0 || 2 * (convicted + most) < total,
         "in epoch %llu a ceremony goes on in which convicted holders have %u of %u indices",
         (unsigned long long)ca->epoch, convicted, total);
}

/* Before facts of this close are read: `steady` is of the closes before it. */
static void check_ceremonies(struct assay_sim_services *s, const struct assay_ca *ca,
                             bool certified)
{
    struct key_audit *a = &s->group_key->audit;
    const uint64_t ready = key_is_calm(s) ? find_ready(s, ca, false) : 0;
    const bool waits = ca->ceremony.phase == ASSAY_CA_IDLE && ca->ca_number == 0 &&
                       (ca->attempts == 0 || ca->epoch - ca->last_began > ASSAY_CA_BEGIN_EPOCHS);
    const bool begins = ca->ceremony.phase == ASSAY_CA_IDLE || ca->ceremony.began == ca->epoch;
    a->steady = begins ? ready : a->steady & ready;
    /* A member that leaves while it runs has a share; one that comes has none, but a weight. */
    if (begins || a->widest < ca->total_weight) a->widest = ca->total_weight;
    if (!is_enough(ca, ready) || !waits) a->idle = 0;
    else if (certified) a->idle++;
    const uint32_t most = ca->attempts == 0 ? IDLE_MOST + FIRST_MOST : IDLE_MOST;
    LOOK(s, CEREMONIES, a->idle <= most, "no ceremony begins in epoch %llu",
         (unsigned long long)ca->epoch);
    LOOK(s, CEREMONIES, !a->was_spoiled || !is_enough(ca, ready) || ca->ceremony.began == ca->epoch,
         "a convicted holder spoiled a ceremony, and no other begins in epoch %llu",
         (unsigned long long)ca->epoch);
    a->was_spoiled = false;
    if (ca->ceremony.phase != ASSAY_CA_IDLE) look_at_reshare(a, ca);
    if (certified) check_blocked(s, ca);
    check_useful(s, ca, certified);
    check_next(s, ca, certified);
    check_living(s, ca, certified);
    check_vouched(s, ca, &ca->force, ca->since);
    if (ca->next.number > 0) check_vouched(s, ca, &ca->next.force, ca->next.since);
}

/* Of members that left while it ran others may have the shares: with a quarter of the indices and
 * a third of the weight that is left they are half of all (docs/identity.md 3.2), so no table of
 * before is safe. With rounded indices a fifth is what it always bears. */
static bool has_enough_left(const struct assay_ca *ca, uint64_t slots, uint64_t widest)
{
    if (ca->total_weight >= widest) return is_enough_of(ca, slots, widest);
    return 5 * find_weight(ca, slots) >= 4 * widest;
}

static void on_failed(struct assay_sim_services *s, const struct assay_ca *ca, uint64_t phase)
{
    struct key_audit *a = &s->group_key->audit;
    /* A holder whose keys ended with this close does not count in the ceremony either. */
    const uint64_t steady = a->steady & find_ready(s, ca, false);
    a->count.failed++;
    /* One that is spoiled ends at the close that finds it, and does not wait for the last HAVES. */
    const bool is_over = phase == ASSAY_CA_HAVES && a->have_closes + 1 >= ASSAY_CA_HAVE_EPOCHS;
    a->was_spoiled = a->spoilers > 0 && !is_over;
    if (a->was_reshare) a->kept++;
    const bool is_kept = a->was_reshare && a->was_planned && a->is_kept_useful &&
                         phase == ASSAY_CA_HAVES && a->kept <= KEPT_MOST;
    LOOK(s, CEREMONIES, !has_enough_left(ca, steady, a->widest) || a->was_spoiled || is_kept,
         "a ceremony failed in phase %llu, and honest holders of three quarters were ready",
         (unsigned long long)phase);
}

/* Weight of hostile members, by the table that the generation came into force with. */
static bool is_promised(const struct assay_sim_services *s, const struct assay_ca *ca)
{
    uint64_t hostile = 0;
    for (uint32_t i = 0; i < s->nodes; i++)
        if (!is_honest(s, i)) hostile += ca->member[i].weight;
    return 3 * hostile <= ca->total_weight;
}

void group_key_facts(struct assay_sim_services *s, const struct assay_registry_facts *facts)
{
    const struct assay_ca *ca = fold_of(s);
    if (s->group_key == NULL || ca == NULL) return;
    struct key_audit *a = &s->group_key->audit;
    for (uint32_t i = 0; i < facts->identity.count; i++) {
        const struct assay_ca_fact *f = &facts->identity.fact[i];
        switch (f->kind) {
        case ASSAY_CA_FACT_GENERATION:
            a->count.made++;
            a->kept = 0;
            break;
        case ASSAY_CA_FACT_FAILED: on_failed(s, ca, f->number); break;
        case ASSAY_CA_FACT_CONVICTED:
            a->count.convicted++;
            a->spoilers += !is_honest(s, f->slot);
            break;
        case ASSAY_CA_FACT_KEY_LOST:
            a->count.lost++;
            if (f->number == a->active) a->active = 0;
            break;
        case ASSAY_CA_FACT_ACTIVE: a->count.rollovers += f->number > 1; break;
        case ASSAY_CA_FACT_GONE: a->count.gone++; break;
        case ASSAY_CA_FACT_BEGAN: a->spoilers = 0; break;
        case ASSAY_CA_FACT_PHASE:
        case ASSAY_CA_FACT_DEALT:
        case ASSAY_CA_FACT_BARRED:
        case ASSAY_CA_FACT_LOST:
        case ASSAY_CA_FACT_FEW_HOLDERS:
        case ASSAY_CA_FACT_FEW_INDICES:
        case ASSAY_CA_FACT_NEXT: break;
        }
    }
}

void group_key_closed(struct assay_sim_services *s, bool certified)
{
    const struct assay_ca *ca = fold_of(s);
    if (s->group_key == NULL || ca == NULL) return;
    struct key_audit *a = &s->group_key->audit;
    const bool is_new = ca->force.attempt != a->attempt || ca->force.generation != a->generation;
    if (is_new) {
        a->is_promised = is_promised(s, ca);
        a->count.reshared += a->active == ca->ca_number;
        a->attempt = ca->force.attempt;
        a->generation = ca->force.generation;
    }
    key_sessions_closed(s, ca, certified);
    key_numbers_closed(s, ca, certified);
    check_shares(s, ca, is_new);
    check_justice(s, ca);
    check_ceremonies(s, ca, certified);
    for (uint32_t i = 0; i < s->nodes; i++)
        if (is_honest(s, i)) check_erased(s, &s->group_key->host[i]);
}

/* Operators chose a block below a final one, or some epochs were not seen. */
void group_key_adopt(struct assay_sim_services *s)
{
    if (s->group_key == NULL) return;
    struct key_audit *a = &s->group_key->audit;
    a->numbers = a->active = 0;
    a->steady = 0;
    a->idle = a->useless = a->useless_next = a->spoilers = 0;
    assay_bytes_zero(a->ready_for, sizeof a->ready_for);
    a->was_spoiled = false;
    a->is_promised = false;
    a->generation = a->attempt = 0;
}

void group_key_figures(const struct assay_sim_services *s,
                       int64_t figures[static ASSAY_SIM_FIGURE_COUNT])
{
    if (s->group_key == NULL) return;
    const struct key_audit *a = &s->group_key->audit;
    figures[ASSAY_SIM_FIGURE_GENERATIONS] = (int64_t)a->count.made;
    figures[ASSAY_SIM_FIGURE_RESHARES] = (int64_t)a->count.reshared;
    figures[ASSAY_SIM_FIGURE_CEREMONIES_FAILED] = (int64_t)a->count.failed;
    figures[ASSAY_SIM_FIGURE_HOLDERS_CONVICTED] = (int64_t)a->count.convicted;
    figures[ASSAY_SIM_FIGURE_GROUP_KEYS_LOST] = (int64_t)a->count.lost;
    figures[ASSAY_SIM_FIGURE_GROUP_SIGNATURES] = (int64_t)a->count.signatures;
    figures[ASSAY_SIM_FIGURE_ROLLOVERS] = (int64_t)a->count.rollovers;
    figures[ASSAY_SIM_FIGURE_CA_NUMBERS_GONE] = (int64_t)a->count.gone;
    figures[ASSAY_SIM_FIGURE_DEALINGS_COPIED] = (int64_t)a->count.copied;
    figures[ASSAY_SIM_FIGURE_DEALINGS_RECEIVED] = (int64_t)a->count.received;
    const struct sessions_audit *of = s->group_key->sessions;
    if (of == NULL) return;
    figures[ASSAY_SIM_FIGURE_CERTIFICATES_SIGNED] = (int64_t)of->count.signed_;
    figures[ASSAY_SIM_FIGURE_TOKENS_SIGNED] = (int64_t)of->count.tokens;
    figures[ASSAY_SIM_FIGURE_SESSIONS_REFUSED] = (int64_t)of->count.refused;
    figures[ASSAY_SIM_FIGURE_SESSIONS_ATTACKED] = (int64_t)of->count.attacked;
    figures[ASSAY_SIM_FIGURE_MEMORIES_RESTORED] = (int64_t)of->count.restored;
}
