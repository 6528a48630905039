/*
 * apps/sim/commands/tally_read.c - strict reader of the JSON of `assay-sim tally`.
 */
#include "apps/sim/commands/tally.h"
#include "base/assert.h"
#include "scoring/standing.h"
#include "sim/scenario/scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ID_LEN_MAX = 128,
    OFFENCES_MAX = 1000,
    CAP_DEN_MAX = 10000,
    FOUND_MAX = 80, /* of the found value, in a message */
};

/* One name, for sorting. */
struct named {
    const char *text;
    uint32_t slot;
};

/* The position of reading, and its result. */
struct reader {
    struct assay_sim_tally *tally;
    char *message;
    const char **operators; /* [count] */
    const char **vendors;   /* [count] */
    const char **platforms; /* [count]; NULL: masked */
    struct named *by_id;    /* [count] in byte order of the ids */
    struct named *scratch;  /* [count] */
};

__attribute__((format(printf, 2, 3))) static enum assay_status refuse(const struct reader *r,
                                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(r->message, ASSAY_SIM_TALLY_MESSAGE_MAX, format, args);
    va_end(args);
    return ASSAY_E_INVALID;
}

/* A value in a recognisable form, truncated. */
struct found {
    char text[FOUND_MAX];
};

static struct found found_text(const struct assay_json *value)
{
    struct found f = { .text = "nothing" };
    char *const text = assay_json_print(value, 0);
    if (text == NULL) return f;
    const size_t len = strlen(text);
    (void)snprintf(f.text, sizeof f.text, "%.60s%s", text, len > 60 ? " ..." : "");
    free(text);
    return f;
}

/* --- keys ------------------------------------------------------------------------------------ */

/* Every key of an object must be one of names (which ends with NULL). */
static enum assay_status check_keys(const struct reader *r, const char *where,
                                    const struct assay_json *object, const char *const *names)
{
    const char *key = NULL;
    const struct assay_json *value = NULL;
    if (assay_json_kind_of(object) != ASSAY_JSON_OBJECT)
        return refuse(r, "%s: expected an object, found %s", where, found_text(object).text);
    for (size_t i = 0; assay_json_member(object, i, &key, &value); i++) {
        size_t known = 0;
        while (names[known] != NULL && strcmp(names[known], key) != 0)
            known++;
        if (names[known] == NULL)
            return refuse(r, "%s: there is no key \"%.64s\"; see `assay-sim tally --help`", where,
                          key);
    }
    return ASSAY_OK;
}

/* --- names ----------------------------------------------------------------------------------- */

static int compare_named(const void *a, const void *b)
{
    const struct named *one = a;
    const struct named *other = b;
    const int sign = strcmp(one->text, other->text);
    if (sign != 0) return sign;
    return one->slot < other->slot ? -1 : one->slot > other->slot ? 1 : 0;
}

static void put_rank(uint8_t id[static ASSAY_SCORING_ID_LEN], uint32_t rank)
{
    for (unsigned i = 0; i < 4; i++)
        id[i] = (uint8_t)(rank >> (24 - 8 * i));
}

/* Equal texts get equal ranks, and ranks are in byte order. NULL texts are left out. */
static void rank_texts(const char *const *texts, uint32_t count, size_t field,
                       struct assay_place *places, struct named *scratch)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++)
        if (texts[i] != NULL) scratch[used++] = (struct named){ .text = texts[i], .slot = i };
    if (used > 0) qsort(scratch, used, sizeof scratch[0], compare_named);
    uint32_t rank = 0;
    for (uint32_t k = 0; k < used; k++) {
        if (k > 0 && strcmp(scratch[k - 1].text, scratch[k].text) != 0) rank++;
        put_rank((uint8_t *)&places[scratch[k].slot] + field, rank);
    }
}

/* Returns: the slot of an id, or count. */
static uint32_t slot_of(const struct reader *r, const char *id)
{
    uint32_t low = 0;
    uint32_t high = r->tally->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int sign = strcmp(r->by_id[middle].text, id);
        if (sign == 0) return r->by_id[middle].slot;
        if (sign < 0) low = middle + 1;
        else high = middle;
    }
    return r->tally->count;
}

/* --- single values --------------------------------------------------------------------------- */

/* The position of a member's value. */
struct at {
    uint32_t slot;
    const char *key;
};

/* Ids are shown on terminals, so they may not contain control characters. */
static bool is_plain(const char *text)
{
    while (*text != '\0') {
        const size_t len = assay_scenario_character_len(text);
        if (len == 0) return false;
        text += len;
    }
    return true;
}

static enum assay_status read_text(const struct reader *r, const struct assay_json *object,
                                   struct at at, const char **text)
{
    const struct assay_json *value = assay_json_get(object, at.key);
    *text = assay_json_as_text(value);
    const size_t len = *text == NULL ? 0 : strlen(*text);
    if (len == 0 || len > ID_LEN_MAX)
        return refuse(r, "members[%u].%s: expected a text of 1 to %d bytes, found %s", at.slot,
                      at.key, ID_LEN_MAX, found_text(value).text);
    if (!is_plain(*text))
        return refuse(r, "members[%u].%s: expected a text without control characters, found %s",
                      at.slot, at.key, found_text(value).text);
    return ASSAY_OK;
}

static enum assay_status read_number(const struct reader *r, const struct assay_json *object,
                                     struct at at, int64_t max, int64_t *number)
{
    const struct assay_json *value = assay_json_get(object, at.key);
    int64_t read = 0;
    if (!assay_json_as_int(value, &read) || read < 0 || read > max)
        return refuse(r, "members[%u].%s: expected an integer of 0 to %lld, found %s", at.slot,
                      at.key, (long long)max, found_text(value).text);
    *number = read;
    return ASSAY_OK;
}

static enum assay_status read_bool(const struct reader *r, const struct assay_json *object,
                                   struct at at, bool *out)
{
    const struct assay_json *value = assay_json_get(object, at.key);
    const enum assay_json_kind kind = assay_json_kind_of(value);
    if (kind == ASSAY_JSON_NOTHING) return ASSAY_OK; /* *out is the default */
    if (kind != ASSAY_JSON_BOOL)
        return refuse(r, "members[%u].%s: expected true or false, found %s", at.slot, at.key,
                      found_text(value).text);
    *out = assay_json_bool(object, at.key, false);
    return ASSAY_OK;
}

/* --- caps ------------------------------------------------------------------------------------ */

static enum assay_status read_cap(const struct reader *r, const struct assay_json *caps,
                                  const char *key, struct assay_cap *cap)
{
    const struct assay_json *pair = assay_json_get(caps, key);
    int64_t num = 0;
    int64_t den = 0;
    if (pair == NULL) return ASSAY_OK; /* the default */
    if (assay_json_count(pair) != 2 || !assay_json_as_int(assay_json_at(pair, 0), &num) ||
        !assay_json_as_int(assay_json_at(pair, 1), &den))
        return refuse(r, "caps.%s: expected two integers like [20, 100], found %s", key,
                      found_text(pair).text);
    if (den < 1 || den > CAP_DEN_MAX || num < 0 || num > den)
        return refuse(r, "caps.%s: expected a share of at most 1 over 1 to %d, found %s", key,
                      CAP_DEN_MAX, found_text(pair).text);
    *cap = (struct assay_cap){ .num = (uint32_t)num, .den = (uint32_t)den };
    return ASSAY_OK;
}

static enum assay_status read_caps(const struct reader *r)
{
    static const char *const names[] = { "operator", "vendor", NULL };
    const struct assay_json *caps = assay_json_get(r->tally->document, "caps");
    r->tally->caps = assay_weight_rules_default();
    if (caps == NULL) return ASSAY_OK;
    ASSAY_TRY(check_keys(r, "caps", caps, names));
    ASSAY_TRY(read_cap(r, caps, "operator", &r->tally->caps.operator_cap));
    return read_cap(r, caps, "vendor", &r->tally->caps.vendor_cap);
}

/* --- members --------------------------------------------------------------------------------- */

/*
 * docs/protocol.md 7.8 uses the integrity standing with its memory; here only I decides, except for
 * a member with "probation". An unlisted member has no weight and does not rise.
 */
static struct assay_trust_state trust_of(int64_t integrity_bp, int64_t availability_bp,
                                         bool suspended, bool listed, int64_t offences)
{
    struct assay_trust_state trust = {
        .integrity_bp = (uint16_t)integrity_bp,
        .availability_bp = (uint16_t)availability_bp,
        .listed_after_failure = listed,
        .offences = { .count = (uint32_t)offences, .last_epoch = offences > 0 ? 1 : 0 },
    };
    trust.score.standing = assay_standing_band(assay_trust_score_bp(&trust));
    trust.integrity.standing =
        suspended ? ASSAY_STANDING_SUSPENDED : assay_standing_band(trust.integrity_bp);
    return trust;
}

static enum assay_status read_names(const struct reader *r, const struct assay_json *member,
                                    uint32_t slot)
{
    const struct assay_json *platform = assay_json_get(member, "platform");
    ASSAY_TRY(read_text(r, member, (struct at){ slot, "id" }, &r->tally->ids[slot]));
    ASSAY_TRY(read_text(r, member, (struct at){ slot, "operator" }, &r->operators[slot]));
    ASSAY_TRY(read_text(r, member, (struct at){ slot, "vendor" }, &r->vendors[slot]));
    r->platforms[slot] = NULL;
    r->tally->places[slot].platform_shared = true;
    if (assay_json_kind_of(platform) == ASSAY_JSON_NULL) return ASSAY_OK;
    if (platform == NULL)
        return refuse(r, "members[%u].platform: expected a text, or null where it is masked", slot);
    r->tally->places[slot].platform_shared = false;
    return read_text(r, member, (struct at){ slot, "platform" }, &r->platforms[slot]);
}

static enum assay_status read_member(const struct reader *r, const struct assay_json *member,
                                     uint32_t slot)
{
    static const char *const names[] = { "id",        "operator", "vendor", "platform", "I", "A",
                                         "probation", "listed",   "voted",  "offences", NULL };
    struct assay_sim_tally *const t = r->tally;
    int64_t integrity = 0;
    int64_t availability = 0;
    int64_t offences = 0;
    bool probation = false;
    bool listed = true;
    char where[32];
    (void)snprintf(where, sizeof where, "members[%u]", slot);
    ASSAY_TRY(check_keys(r, where, member, names));
    ASSAY_TRY(read_names(r, member, slot));
    ASSAY_TRY(read_number(r, member, (struct at){ slot, "I" }, ASSAY_SCORE_BP_MAX, &integrity));
    ASSAY_TRY(read_number(r, member, (struct at){ slot, "A" }, ASSAY_SCORE_BP_MAX, &availability));
    if (assay_json_get(member, "offences") != NULL)
        ASSAY_TRY(read_number(r, member, (struct at){ slot, "offences" }, OFFENCES_MAX, &offences));
    ASSAY_TRY(read_bool(r, member, (struct at){ slot, "probation" }, &probation));
    ASSAY_TRY(read_bool(r, member, (struct at){ slot, "listed" }, &listed));
    t->trust[slot] = trust_of(integrity, availability, probation || !listed, listed, offences);
    t->unlisted[slot] = !listed;
    t->members[slot] = (struct assay_tally_member){ .duty = true };
    return ASSAY_OK;
}

static enum assay_status read_members(const struct reader *r)
{
    struct assay_sim_tally *const t = r->tally;
    const struct assay_json *list = assay_json_get(t->document, "members");
    for (uint32_t slot = 0; slot < t->count; slot++)
        ASSAY_TRY(read_member(r, assay_json_at(list, slot), slot));
    for (uint32_t slot = 0; slot < t->count; slot++)
        r->by_id[slot] = (struct named){ .text = t->ids[slot], .slot = slot };
    qsort(r->by_id, t->count, sizeof r->by_id[0], compare_named);
    for (uint32_t k = 1; k < t->count; k++)
        if (strcmp(r->by_id[k - 1].text, r->by_id[k].text) == 0)
            return refuse(r, "members[%u].id: \"%.64s\" is the id of members[%u] already",
                          r->by_id[k].slot, r->by_id[k].text, r->by_id[k - 1].slot);
    rank_texts(t->ids, t->count, offsetof(struct assay_place, node_id), t->places, r->scratch);
    rank_texts(r->operators, t->count, offsetof(struct assay_place, operator_id), t->places,
               r->scratch);
    rank_texts(r->vendors, t->count, offsetof(struct assay_place, vendor_root), t->places,
               r->scratch);
    rank_texts(r->platforms, t->count, offsetof(struct assay_place, platform_id), t->places,
               r->scratch);
    return ASSAY_OK;
}

/* --- ballots --------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void note(const struct reader *r, const char *format,
                                                       ...)
{
    char text[ASSAY_SIM_TALLY_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assay_json_append_text(r->tally->notes, text);
}

static bool outcome_of(const char *text, enum assay_outcome *outcome)
{
    static const struct {
        const char *text;
        enum assay_outcome outcome;
    } words[] = {
        { "pass", ASSAY_OUTCOME_PASS_UP_TO_DATE }, { "absent", ASSAY_OUTCOME_ABSENT },
        { "fail", ASSAY_OUTCOME_FAIL_HARD },       { "none", ASSAY_OUTCOME_NONE },
        { "unjudged", ASSAY_OUTCOME_UNJUDGED },
    };
    if (text == NULL) return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].text, text) == 0) {
            *outcome = words[i].outcome;
            return true;
        }
    return false;
}

/* Subjects are looked up, not searched: a search costs the square of their number. */
static enum assay_status read_ballot(const struct reader *r, uint32_t voter,
                                     const struct assay_json *ballot)
{
    struct assay_sim_tally *const t = r->tally;
    uint8_t *const row = &t->ballots[voter * assay_votes_row_len(t->count)];
    size_t known = 0;
    if (assay_json_kind_of(ballot) != ASSAY_JSON_OBJECT)
        return refuse(r, "outcomes[\"%.64s\"]: expected an object, found %s", t->ids[voter],
                      found_text(ballot).text);
    for (uint32_t subject = 0; subject < t->count; subject++) {
        const struct assay_json *value = assay_json_get(ballot, t->ids[subject]);
        enum assay_outcome outcome = ASSAY_OUTCOME_NONE;
        if (value == NULL) continue;
        known++;
        if (!outcome_of(assay_json_as_text(value), &outcome))
            return refuse(r,
                          "outcomes[\"%.64s\"][\"%.64s\"]: expected \"pass\", \"absent\", \"fail\" "
                          "or \"none\", found %s",
                          t->ids[voter], t->ids[subject], found_text(value).text);
        if (subject == voter)
            note(r, "outcomes[\"%.64s\"]: its outcome of itself is not counted", t->ids[voter]);
        else assay_votes_row_set(row, subject, outcome);
    }
    t->rows[voter] = row;
    const char *key = NULL;
    const struct assay_json *value = NULL;
    if (known == assay_json_size(ballot)) return ASSAY_OK;
    for (size_t i = 0; assay_json_member(ballot, i, &key, &value); i++)
        if (slot_of(r, key) == t->count)
            return refuse(r, "outcomes[\"%.64s\"]: \"%.64s\" is no member", t->ids[voter], key);
    ASSAY_UNREACHABLE("a subject that is neither known nor unknown");
}

static enum assay_status read_ballots(const struct reader *r)
{
    const struct assay_json *outcomes = assay_json_get(r->tally->document, "outcomes");
    const char *key = NULL;
    const struct assay_json *ballot = NULL;
    if (assay_json_kind_of(outcomes) != ASSAY_JSON_OBJECT)
        return refuse(r, "outcomes: expected an object of voters, found %s",
                      found_text(outcomes).text);
    for (size_t i = 0; assay_json_member(outcomes, i, &key, &ballot); i++) {
        const uint32_t voter = slot_of(r, key);
        if (voter == r->tally->count) return refuse(r, "outcomes: \"%.64s\" is no member", key);
        ASSAY_TRY(read_ballot(r, voter, ballot));
    }
    return ASSAY_OK;
}

/* voted concerns the member's own rise, outcomes its ballot about others. A member that voted
 * without outcomes has an empty ballot, which counts as one. */
static enum assay_status read_voted(const struct reader *r)
{
    struct assay_sim_tally *const t = r->tally;
    const struct assay_json *list = assay_json_get(t->document, "members");
    for (uint32_t slot = 0; slot < t->count; slot++) {
        bool voted = t->rows[slot] != NULL;
        ASSAY_TRY(read_bool(r, assay_json_at(list, slot), (struct at){ slot, "voted" }, &voted));
        t->members[slot].balloted = voted;
        if (!voted && t->rows[slot] != NULL)
            note(r,
                 "members[%u]: voted is false, yet \"%.64s\" has outcomes: they count for others",
                 slot, t->ids[slot]);
        if (voted && t->rows[slot] == NULL)
            t->rows[slot] = &t->ballots[slot * assay_votes_row_len(t->count)];
    }
    return ASSAY_OK;
}

static enum assay_status read_faults(const struct reader *r)
{
    const struct assay_json *faults = assay_json_get(r->tally->document, "faults");
    const char *key = NULL;
    const struct assay_json *value = NULL;
    if (faults == NULL) return ASSAY_OK;
    if (assay_json_kind_of(faults) != ASSAY_JSON_OBJECT)
        return refuse(r, "faults: expected an object of members, found %s",
                      found_text(faults).text);
    for (size_t i = 0; assay_json_member(faults, i, &key, &value); i++) {
        const uint32_t slot = slot_of(r, key);
        const char *kind = assay_json_as_text(value);
        if (slot == r->tally->count) return refuse(r, "faults: \"%.64s\" is no member", key);
        const bool hard = kind != NULL && strcmp(kind, "hard") == 0;
        if (!hard && (kind == NULL || strcmp(kind, "soft") != 0))
            return refuse(r, "faults[\"%.64s\"]: expected \"hard\" or \"soft\", found %s", key,
                          found_text(value).text);
        r->tally->members[slot].faults.own_fail_hard = hard;
        r->tally->members[slot].faults.own_fail_soft = !hard;
    }
    return ASSAY_OK;
}

/* --- the document ----------------------------------------------------------------------------- */

static enum assay_status get_memory(struct reader *r)
{
    struct assay_sim_tally *const t = r->tally;
    const uint32_t count = t->count;
    t->ids = calloc(count, sizeof *t->ids);
    t->places = calloc(count, sizeof *t->places);
    t->trust = calloc(count, sizeof *t->trust);
    t->unlisted = calloc(count, sizeof *t->unlisted);
    t->members = calloc(count, sizeof *t->members);
    t->ballots = calloc(count, assay_votes_row_len(count));
    t->rows = calloc(count, sizeof *t->rows);
    t->notes = assay_json_array();
    r->operators = calloc(count, sizeof *r->operators);
    r->vendors = calloc(count, sizeof *r->vendors);
    r->platforms = calloc(count, sizeof *r->platforms);
    r->by_id = calloc(count, sizeof *r->by_id);
    r->scratch = calloc(count, sizeof *r->scratch);
    const bool all = t->ids != NULL && t->places != NULL && t->trust != NULL &&
                     t->unlisted != NULL && t->members != NULL && t->ballots != NULL &&
                     t->rows != NULL && t->notes != NULL && r->operators != NULL &&
                     r->vendors != NULL && r->platforms != NULL && r->by_id != NULL &&
                     r->scratch != NULL;
    if (!all) (void)snprintf(r->message, ASSAY_SIM_TALLY_MESSAGE_MAX, "no memory");
    return all ? ASSAY_OK : ASSAY_E_MEMORY;
}

static enum assay_status read_all(struct reader *r)
{
    static const char *const names[] = { "caps", "members", "outcomes", "faults", NULL };
    const struct assay_json *members = assay_json_get(r->tally->document, "members");
    ASSAY_TRY(check_keys(r, "the file", r->tally->document, names));
    const size_t count = assay_json_count(members);
    if (count == 0 || count > ASSAY_SCORING_MEMBERS_MAX)
        return refuse(r, "members: expected an array of 1 to %d members, found %s",
                      ASSAY_SCORING_MEMBERS_MAX, count == 0 ? found_text(members).text : "more");
    r->tally->count = (uint32_t)count;
    ASSAY_TRY(get_memory(r));
    ASSAY_TRY(read_caps(r));
    ASSAY_TRY(read_members(r));
    ASSAY_TRY(read_ballots(r));
    ASSAY_TRY(read_voted(r));
    return read_faults(r);
}

enum assay_status sim_tally_read(const char *text, size_t text_len, struct assay_sim_tally *tally,
                                 char message[static ASSAY_SIM_TALLY_MESSAGE_MAX])
{
    struct reader r = { .tally = tally, .message = message };
    *tally = (struct assay_sim_tally){ .count = 0 };
    enum assay_status status = assay_json_parse(text, text_len, &tally->document);
    if (status != ASSAY_OK) {
        (void)snprintf(message, ASSAY_SIM_TALLY_MESSAGE_MAX, "%s",
                       status == ASSAY_E_RANGE
                           ? "larger than 8 MiB or nested deeper than 16"
                           : "no JSON: a bracket, a comma or a quote is wrong, or a key is there "
                             "twice");
        return status;
    }
    status = read_all(&r);
    free(r.operators);
    free(r.vendors);
    free(r.platforms);
    free(r.by_id);
    free(r.scratch);
    return status;
}
