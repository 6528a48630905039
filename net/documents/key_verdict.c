/*
 * net/documents/key_verdict.c - verdict on a workload key, from one snapshot.
 */
#include "net/documents/key_verdict.h"

#include "base/assert.h"
#include "host/permit.h"

#include <stdlib.h>
#include <string.h>

enum { STALLED_MS = 5000 }; /* as /livez: the loop publishes once a second at least */

#define KEY_VERDICT_ROW(symbol, code, text) [symbol] = { code, text },
static const struct {
    const char *code, *text;
} verdicts[ASSAY_KEY_VERDICTS] = { ASSAY_KEY_VERDICT_LIST(KEY_VERDICT_ROW) };
#undef KEY_VERDICT_ROW

const char *assay_authz_verdict_code(enum assay_authz_verdict verdict)
{
    ASSAY_ASSERT(verdict < ASSAY_KEY_VERDICTS);
    return verdicts[verdict].code;
}

const char *assay_authz_verdict_text(enum assay_authz_verdict verdict)
{
    ASSAY_ASSERT(verdict < ASSAY_KEY_VERDICTS);
    return verdicts[verdict].text;
}

bool assay_authz_verdict_is_undecided(enum assay_authz_verdict verdict)
{
    return verdict >= ASSAY_KEY_STARTING;
}

/* ------------------------------------------------------------ listings */

/* Returns: whether the list has that entry: purpose, name and key. */
static bool has_entry(const struct assay_authz_list *list,
                      const struct assay_authz_listing *listing)
{
    for (uint32_t i = 0; list != NULL && i < list->keys.count; i++)
        if (list->keys.keys[i].purpose == listing->key->purpose &&
            assay_slice_equal(list->keys.keys[i].name, listing->key->name) &&
            assay_bytes_equal(list->spki_sha256[i], listing->spki_sha256, 32))
            return true;
    return false;
}

bool assay_authz_listing_next(const struct assay_snapshot *s, uint32_t slot, uint32_t *at,
                              struct assay_authz_listing *listing)
{
    ASSAY_ASSERT(slot < s->member_count);
    const struct assay_authz_table_row row =
        assay_authz_table_row_of(s->keys, slot, &s->members[slot].ledger.keys);
    const struct assay_authz_list *const declared = row.declared, *const certified = row.certified;
    const uint32_t first = declared != NULL ? declared->keys.count : 0;
    const uint32_t count = first + (certified != NULL ? certified->keys.count : 0);
    while (*at < count) {
        const bool is_declared = *at < first;
        const struct assay_authz_list *const list = is_declared ? declared : certified;
        const uint32_t i = (*at)++ - (is_declared ? 0 : first);
        *listing = (struct assay_authz_listing){ .slot = slot,
                                                 .key = &list->keys.keys[i],
                                                 .spki_sha256 = list->spki_sha256[i],
                                                 .is_declared = is_declared };
        listing->is_certified = !is_declared || has_entry(certified, listing);
        if (is_declared || !has_entry(declared, listing)) return true;
    }
    return false;
}

enum assay_standing assay_authz_standing(const struct assay_member_snapshot *member)
{
    const enum assay_standing standing = member->trust.score.standing;
    if (member->stage != ASSAY_STAGE_MEMBER) return ASSAY_STANDING_SUSPENDED;
    return member->is_away && standing < ASSAY_STANDING_RESTRICTED ? ASSAY_STANDING_RESTRICTED
                                                                   : standing;
}

/* Of the member, whatever its lists. Returns: ACTIVE, or one from MAINTENANCE to DRAINED */
static enum assay_authz_verdict standing_verdict(const struct assay_member_snapshot *m,
                                                 bool critical)
{
    const enum assay_standing worst = critical ? ASSAY_STANDING_FULL : ASSAY_STANDING_WARNING;
    const enum assay_standing standing = assay_authz_standing(m);
    if (m->stage != ASSAY_STAGE_MEMBER) return ASSAY_KEY_DRAINED;
    if (standing == ASSAY_STANDING_SUSPENDED) return ASSAY_KEY_SUSPENDED;
    if (standing <= worst) return ASSAY_KEY_ACTIVE;
    return m->trust.score.standing <= worst ? ASSAY_KEY_MAINTENANCE : ASSAY_KEY_BELOW_THRESHOLD;
}

/* docs/protocol.md 2.16.6. */
static enum assay_authz_verdict verdict_of(enum assay_keys_state state)
{
    switch (state) {
    case ASSAY_KEYS_ACTIVE: return ASSAY_KEY_ACTIVE;
    case ASSAY_KEYS_UNBOUND: return ASSAY_KEY_NOT_BOUND;
    case ASSAY_KEYS_OLD: return ASSAY_KEY_STALE;
    case ASSAY_KEYS_STANDING: return ASSAY_KEY_BELOW_THRESHOLD;
    case ASSAY_KEYS_MAINTENANCE: return ASSAY_KEY_MAINTENANCE;
    case ASSAY_KEYS_STAGE: return ASSAY_KEY_DRAINED;
    }
    return ASSAY_KEY_NOT_BOUND;
}

enum assay_authz_verdict assay_authz_listing_verdict(const struct assay_snapshot *s,
                                                     const struct assay_authz_listing *listing,
                                                     bool critical)
{
    ASSAY_ASSERT(listing->slot < s->member_count);
    const struct assay_member_snapshot *m = &s->members[listing->slot].ledger;
    const enum assay_authz_verdict standing = standing_verdict(m, critical);
    if (standing != ASSAY_KEY_ACTIVE) return standing;
    if (!listing->is_declared) return ASSAY_KEY_WITHDRAWN;
    if (listing->is_certified) return verdict_of(m->keys.state);
    /* It passed since the list is declared, and bound none: the enclave lost its keys. */
    return m->keys.keys_epoch == 0 && m->last_success_epoch >= m->keys.since_epoch
               ? ASSAY_KEY_NOT_BOUND
               : ASSAY_KEY_NOT_CERTIFIED;
}

bool assay_authz_listing_is_granted(const struct assay_snapshot *s,
                                    const struct assay_authz_listing *listing)
{
    ASSAY_ASSERT(listing->slot < s->member_count && s->chain.name_count <= ASSAY_GRANTS_MAX);
    const struct assay_member_snapshot *m = &s->members[listing->slot].ledger;
    for (uint32_t k = 0; k < s->chain.name_count; k++) {
        const struct assay_granted_name *name = &s->chain.names[k];
        const struct assay_slice text = assay_slice_over(name->text, strlen(name->text));
        if (!assay_slice_equal(text, listing->key->name)) continue;
        return (m->keys.granted >> k & 1) != 0 && assay_authz_standing(m) <= name->min_standing;
    }
    return false;
}

/* ------------------------------------------------------------ decisions */

/* Whether this node may answer at all. Returns: ACTIVE, or why not. */
static enum assay_authz_verdict node_verdict(const struct assay_snapshot *s, uint64_t now_ms)
{
    if (now_ms >= s->now_ms + STALLED_MS) return ASSAY_KEY_STALLED;
    if (s->newcomer) return ASSAY_KEY_CATCHING_UP;
    if (s->chain.behind) return ASSAY_KEY_BEHIND;
    if (s->fenced) return ASSAY_KEY_FENCED;
    /* docs/protocol.md 10.6: by the clock of this machine, never by dates. */
    if (!assay_permit_fresh(&s->chain, s->epoch_ms, now_ms)) return ASSAY_KEY_HEAD_OLD;
    return ASSAY_KEY_ACTIVE;
}

struct search {
    const struct assay_snapshot *s;
    const struct assay_authz_question *question;
    struct assay_authz_answer best, worst; /* worst: of a standing that is too low */
    bool lacks_any, lacks_low; /* lists are missing; those of a member that stands too low */
};

static bool is_standing(enum assay_authz_verdict verdict)
{
    return verdict >= ASSAY_KEY_MAINTENANCE && verdict <= ASSAY_KEY_DRAINED;
}

static bool is_of_service(const struct search *search, const struct assay_authz_listing *listing)
{
    const struct assay_slice service = search->question->service;
    return service.len == 0 || (assay_slice_equal(listing->key->name, service) &&
                                assay_authz_listing_is_granted(search->s, listing));
}

static void add_listing(struct search *search, const struct assay_authz_listing *listing)
{
    const struct assay_authz_question *q = search->question;
    enum assay_authz_verdict verdict = assay_authz_listing_verdict(search->s, listing, q->critical);
    /* A key of two members has the worse of their standings, whatever it is declared for: its
     * private half is on both machines. */
    if (is_standing(verdict)) {
        if (!search->worst.has_listing || verdict > search->worst.verdict)
            search->worst = (struct assay_authz_answer){ verdict, true, *listing };
        return;
    }
    if (verdict == ASSAY_KEY_ACTIVE && !is_of_service(search, listing))
        verdict = ASSAY_KEY_OTHER_SERVICE;
    if (listing->key->purpose != q->purpose) verdict = ASSAY_KEY_OTHER_PURPOSE;
    if (q->slot != ASSAY_SLOT_ALL && listing->slot != q->slot) verdict = ASSAY_KEY_OTHER_MEMBER;
    if (verdict < search->best.verdict)
        search->best = (struct assay_authz_answer){ verdict, true, *listing };
}

static void search_member(struct search *search, uint32_t slot)
{
    const struct assay_member_snapshot *m = &search->s->members[slot].ledger;
    struct assay_authz_listing listing;
    uint32_t at = 0;
    while (assay_authz_listing_next(search->s, slot, &at, &listing))
        if (assay_bytes_equal(listing.spki_sha256, search->question->spki_sha256, 32))
            add_listing(search, &listing);
    if (assay_authz_table_has_lists(search->s->keys, slot, &m->keys)) return;
    search->lacks_any = true;
    if (standing_verdict(m, search->question->critical) != ASSAY_KEY_ACTIVE)
        search->lacks_low = true;
}

void assay_authz_decide(const struct assay_snapshot *s, uint64_t now_ms,
                        const struct assay_authz_question *question,
                        struct assay_authz_answer *answer)
{
    struct search search = { .s = s,
                             .question = question,
                             .best = { .verdict = ASSAY_KEY_UNKNOWN } };
    *answer = (struct assay_authz_answer){ .verdict = node_verdict(s, now_ms) };
    if (answer->verdict != ASSAY_KEY_ACTIVE) return;
    for (uint32_t slot = 0; slot < s->member_count; slot++)
        search_member(&search, slot);
    *answer = search.worst.has_listing ? search.worst : search.best;
    /* A missing list could have this key: of a member that stands too low it could deny, of any
     * other it could be why the key is unknown. A standing that denies, denies whatever it has. */
    if (search.worst.has_listing) return;
    if (answer->verdict == ASSAY_KEY_ACTIVE ? search.lacks_low : search.lacks_any)
        *answer = (struct assay_authz_answer){ .verdict = ASSAY_KEY_LISTS_MISSING };
}

/* ------------------------------------------------------------ all keys of a snapshot */

static int compare_digests(const void *a, const void *b)
{
    const struct assay_authz_digest *one = a, *other = b;
    const int order = assay_bytes_compare(one->spki_sha256, other->spki_sha256, 32);
    if (order != 0) return order;
    return one->verdict < other->verdict ? 1 : one->verdict > other->verdict ? -1 : 0;
}

/* low: NULL: counted alone. */
static void survey_member(struct assay_authz_survey *survey, uint32_t slot,
                          struct assay_authz_digest *low)
{
    const struct assay_member_snapshot *m = &survey->s->members[slot].ledger;
    struct assay_authz_listing listing;
    uint32_t at = 0;
    while (assay_authz_listing_next(survey->s, slot, &at, &listing)) {
        const enum assay_authz_verdict verdict =
            assay_authz_listing_verdict(survey->s, &listing, false);
        if (!is_standing(verdict)) continue;
        if (low != NULL) {
            low[survey->low_count].verdict = verdict;
            assay_bytes_copy(low[survey->low_count].spki_sha256, 32, listing.spki_sha256, 32);
        }
        survey->low_count++;
    }
    if (assay_authz_table_has_lists(survey->s->keys, slot, &m->keys)) return;
    survey->lacks_any = true;
    if (standing_verdict(m, false) != ASSAY_KEY_ACTIVE) survey->lacks_low = true;
}

void assay_authz_survey_open(struct assay_authz_survey *survey, const struct assay_snapshot *s,
                             uint64_t now_ms)
{
    *survey = (struct assay_authz_survey){ .s = s, .node = node_verdict(s, now_ms) };
    if (survey->node != ASSAY_KEY_ACTIVE) return;
    for (uint32_t slot = 0; slot < s->member_count; slot++)
        survey_member(survey, slot, NULL);
    if (survey->low_count == 0) return;
    survey->low = calloc(survey->low_count, sizeof *survey->low);
    survey->low_count = 0;
    if (survey->low == NULL) {
        survey->node = ASSAY_KEY_NO_MEMORY;
        return;
    }
    for (uint32_t slot = 0; slot < s->member_count; slot++)
        survey_member(survey, slot, survey->low);
    qsort(survey->low, survey->low_count, sizeof *survey->low, compare_digests);
}

void assay_authz_survey_close(struct assay_authz_survey *survey)
{
    free(survey->low);
    survey->low = NULL;
    survey->low_count = 0;
}

enum assay_authz_verdict assay_authz_survey_verdict(const struct assay_authz_survey *survey,
                                                    const struct assay_authz_listing *listing)
{
    if (survey->node != ASSAY_KEY_ACTIVE) return survey->node;
    uint32_t first = 0, end = survey->low_count; /* of equal ones the worst is first */
    while (first < end) {
        const uint32_t middle = first + (end - first) / 2;
        if (assay_bytes_compare(survey->low[middle].spki_sha256, listing->spki_sha256, 32) < 0)
            first = middle + 1;
        else end = middle;
    }
    if (first < survey->low_count &&
        assay_bytes_equal(survey->low[first].spki_sha256, listing->spki_sha256, 32))
        return survey->low[first].verdict;
    const enum assay_authz_verdict own = assay_authz_listing_verdict(survey->s, listing, false);
    if (own == ASSAY_KEY_ACTIVE ? survey->lacks_low : survey->lacks_any)
        return ASSAY_KEY_LISTS_MISSING;
    return own;
}
