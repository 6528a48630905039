/*
 * sim/swarm/situation.c - the table of situations, derived from the table of keys, and its marks.
 */
#include "sim/swarm/situation.h"

#include "base/assert.h"
#include "sim/scenario/scenario_internal.h"
#include "sim/swarm/drawn.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Situations that a file can contain and the swarm does not draw; a unit test compares this with
 * what seeds draw, in both directions. */
static const char *const undrawn[] = {
    /* It runs networks as they are, message by message. */
    "members=17..16384",
    "fidelity=auto",
    "fidelity=epoch",
    "evidence=auto",
    "evidence=soft",
    "rule=mean",
    "rule=trimmed",
    "rule=beta",
    "rule=eigentrust",
    "rule=leak",
    "weight_source=score",
    "weight_source=one",
    /* Roots and cohorts are drawn by number. */
    "vendor_share_bp",
    "cohorts.share_bp",
    "cohorts.vendor",
    "cohorts.operator",
    /* Without a draw so far. */
    "amplification_percent",
    "quiet_floor_percent",
    "link.loss_of=vote",
    "link.loss_of=certificate",
    "link.loss_of=envelope",
    "link.loss_of=record",
    "link.loss_of=evidence",
    "recovers.replaces_policy",
    "services.later_key_retired",
    "workload_keys.outage_epoch",
    "workload_keys.outage_epochs",
};

/* --- the table */
static bool is_drawable(const char *name)
{
    for (size_t i = 0; i < sizeof undrawn / sizeof undrawn[0]; i++)
        if (strcmp(undrawn[i], name) == 0) return false;
    return true;
}

/* Receives each situation in the order of the table. section NULL: no key; word: of an
 * enumeration. */
struct place {
    const char *name;
    const struct assay_scenario_section *section;
    const struct assay_scenario_key *key;
    uint32_t word;
    uint32_t choice;
    bool paired;
};
typedef void visit_fn(void *context, const struct place *place);

/* Labels, and the seed, are of every scenario. */
static bool is_label(const struct assay_scenario_section *section,
                     const struct assay_scenario_key *key)
{
    if (key->name == NULL || key->kind == ASSAY_SCENARIO_ASSERTION) return true;
    if (key->kind == ASSAY_SCENARIO_NAME || key->kind == ASSAY_SCENARIO_TEXT) return true;
    return section->name[0] == '\0' && strcmp(key->name, "seed") == 0;
}

static void name_word(const struct assay_scenario_section *section,
                      const struct assay_scenario_key *key, uint32_t word,
                      char name[static ASSAY_SIM_SITUATION_NAME_MAX])
{
    const int len = snprintf(name, ASSAY_SIM_SITUATION_NAME_MAX, "%s%s%s=%s", section->name,
                             section->name[0] == '\0' ? "" : ".", key->name, key->word(word));
    ASSAY_ASSERT(len > 0 && len < ASSAY_SIM_SITUATION_NAME_MAX);
}

/* Pairs are of drawable words of a key that has several: a word that each scenario has makes no
 * pair. */
static void visit_words(const struct assay_scenario_section *section,
                        const struct assay_scenario_key *key, uint32_t choice, bool paired,
                        visit_fn *visit, void *context)
{
    char name[ASSAY_SIM_SITUATION_NAME_MAX];
    uint32_t drawable = 0;
    for (uint32_t w = key->word_min; w <= key->word_max; w++) {
        name_word(section, key, w, name);
        drawable += is_drawable(name);
    }
    for (uint32_t w = key->word_min; w <= key->word_max; w++) {
        name_word(section, key, w, name);
        if ((drawable > 1 && is_drawable(name)) != paired) continue;
        visit(context,
              &(struct place){ name, section, key, w, section->is_list ? 0 : choice, paired });
    }
}

static void visit_keys(bool words, bool paired, visit_fn *visit, void *context)
{
    char name[ASSAY_SIM_SITUATION_NAME_MAX];
    for (uint32_t s = 0; s < ASSAY_SCENARIO_SECTIONS; s++) {
        const struct assay_scenario_section *const section = &assay_scenario_sections[s];
        for (uint32_t k = 0; k < section->key_count; k++) {
            const struct assay_scenario_key *const key = &section->keys[k];
            if (is_label(section, key) || (key->kind == ASSAY_SCENARIO_WORD) != words) continue;
            if (words) {
                visit_words(section, key, 100 + s * ASSAY_SCENARIO_KEYS_MAX + k, paired, visit,
                            context);
                continue;
            }
            const int len = snprintf(name, sizeof name, "%s%s%s", section->name,
                                     section->name[0] == '\0' ? "" : ".", key->name);
            ASSAY_ASSERT(len > 0 && (size_t)len < sizeof name);
            visit(context, &(struct place){ name, section, key, 0, 0, false });
        }
    }
}

static const char *const range_names[] = {
#define ASSAY_SIM_RANGE_NAME(number, name, low, high) name,
    ASSAY_SIM_RANGE_LIST(ASSAY_SIM_RANGE_NAME)
#undef ASSAY_SIM_RANGE_NAME
};
enum { RANGE_COUNT = sizeof range_names / sizeof range_names[0] };

/* Returns: the number of the range in the list that begins its choice, from 1. */
static uint32_t range_choice(uint32_t range)
{
    uint32_t first = range;
    while (first > 0 && strcmp(range_names[first - 1], range_names[range]) == 0)
        first--;
    return first + 1;
}

static void visit_ranges(bool drawable, visit_fn *visit, void *context)
{
    static const uint32_t lows[] = {
#define ASSAY_SIM_RANGE_LOW(number, name, low, high) low,
        ASSAY_SIM_RANGE_LIST(ASSAY_SIM_RANGE_LOW)
#undef ASSAY_SIM_RANGE_LOW
    };
    static const uint32_t highs[] = {
#define ASSAY_SIM_RANGE_HIGH(number, name, low, high) high,
        ASSAY_SIM_RANGE_LIST(ASSAY_SIM_RANGE_HIGH)
#undef ASSAY_SIM_RANGE_HIGH
    };
    char name[ASSAY_SIM_SITUATION_NAME_MAX];
    for (uint32_t i = 0; i < RANGE_COUNT; i++) {
        if (lows[i] == highs[i])
            (void)snprintf(name, sizeof name, "%s=%" PRIu32, range_names[i], lows[i]);
        else
            (void)snprintf(name, sizeof name, "%s=%" PRIu32 "..%" PRIu32, range_names[i], lows[i],
                           highs[i]);
        if (is_drawable(name) != drawable) continue;
        visit(context, &(struct place){ name, NULL, NULL, ASSAY_SIM_DRAWN_COUNT + i,
                                        range_choice(i), drawable });
    }
}

static void visit_all(visit_fn *visit, void *context)
{
    for (uint32_t i = 0; i < ASSAY_SIM_DRAWN_COUNT; i++)
        visit(context, &(struct place){ assay_sim_drawn_name((enum assay_sim_drawn)i), NULL, NULL,
                                        i, 0, true });
    visit_ranges(true, visit, context);
    visit_keys(true, true, visit, context);
    visit_ranges(false, visit, context);
    visit_keys(true, false, visit, context);
    visit_keys(false, false, visit, context);
}

static void add_item(void *context, const struct place *place)
{
    struct assay_sim_situations *const table = context;
    ASSAY_ASSERT(table->count < ASSAY_SIM_SITUATIONS_MAX);
    struct assay_sim_situation *const item = &table->items[table->count++];
    (void)snprintf(item->name, sizeof item->name, "%s", place->name);
    item->drawable = is_drawable(place->name);
    item->choice = place->choice;
    if (place->paired) table->paired++;
    ASSAY_ASSERT(!place->paired || table->paired == table->count);
}

void assay_sim_situations_list(struct assay_sim_situations *table)
{
    ASSAY_ASSERT(table != NULL);
    table->count = table->paired = 0;
    visit_all(add_item, table);
    ASSAY_ASSERT(table->paired <= ASSAY_SIM_PAIRED_MAX);
}

bool assay_sim_situations_pair(const struct assay_sim_situations *table, uint32_t a, uint32_t b)
{
    ASSAY_ASSERT(a < b && b < table->paired);
    return table->items[a].choice == 0 || table->items[a].choice != table->items[b].choice;
}

uint32_t assay_sim_pair_index(uint32_t a, uint32_t b)
{
    ASSAY_ASSERT(a < b && b < ASSAY_SIM_PAIRED_MAX);
    return b * (b - 1) / 2 + a;
}

/* --- marks */
struct marking {
    const struct assay_scenario *scenario;
    struct assay_scenario defaults; /* with one element more in each list */
    uint64_t drawn[ASSAY_SIM_DRAWN_COUNT];
    bool ranges[RANGE_COUNT];
    bool *has;
    uint32_t at;
};

static bool has_word(const struct marking *m, const struct place *p)
{
    char text[ASSAY_SCENARIO_VALUE_MAX];
    const uint32_t count = assay_scenario_part_count(m->scenario, p->section);
    for (uint32_t i = p->section->first; i < count; i++)
        if (assay_scenario_give(m->scenario, assay_scenario_part_const(m->scenario, p->section, i),
                                p->key, text) &&
            strcmp(text, p->key->word(p->word)) == 0)
            return true;
    return false;
}

/* Whether a value differs from that of a new element, or of the default scenario. */
static bool has_value(const struct marking *m, const struct place *p)
{
    char text[ASSAY_SCENARIO_VALUE_MAX], usual[ASSAY_SCENARIO_VALUE_MAX];
    const uint32_t count = assay_scenario_part_count(m->scenario, p->section);
    const void *const preset = assay_scenario_part_const(
        &m->defaults, p->section, p->section->is_list ? p->section->first : 0);
    if (!assay_scenario_give(&m->defaults, preset, p->key, usual)) usual[0] = '\0';
    for (uint32_t i = p->section->first; i < count; i++)
        if (assay_scenario_give(m->scenario, assay_scenario_part_const(m->scenario, p->section, i),
                                p->key, text) &&
            strcmp(text, usual) != 0)
            return true;
    return false;
}

static void mark_place(void *context, const struct place *p)
{
    struct marking *const m = context;
    bool *const has = &m->has[m->at++];
    if (p->section == NULL)
        *has = p->word < ASSAY_SIM_DRAWN_COUNT ? m->drawn[p->word] > 0
                                               : m->ranges[p->word - ASSAY_SIM_DRAWN_COUNT];
    else *has = p->key->kind == ASSAY_SCENARIO_WORD ? has_word(m, p) : has_value(m, p);
}

static void find_ranges(const struct assay_scenario *s, bool ranges[static RANGE_COUNT])
{
    uint32_t at = 0;
#define ASSAY_SIM_RANGE_HAS(number, name, low, high)                                               \
    ranges[at++] = (number) >= (low) && (number) <= (high);
    ASSAY_SIM_RANGE_LIST(ASSAY_SIM_RANGE_HAS)
#undef ASSAY_SIM_RANGE_HAS
    ASSAY_ASSERT(at == RANGE_COUNT);
}

void assay_sim_situations_mark(const struct assay_scenario *scenario,
                               bool has[static ASSAY_SIM_SITUATIONS_MAX])
{
    struct marking m = { .scenario = scenario, .defaults = assay_scenario_default(), .has = has };
    for (uint32_t s = 0; s < ASSAY_SCENARIO_SECTIONS; s++)
        if (assay_scenario_sections[s].is_list) {
            const bool has_room = assay_scenario_append(&m.defaults, &assay_scenario_sections[s]);
            ASSAY_ASSERT(has_room);
        }
    for (uint32_t i = 0; i < ASSAY_SIM_SITUATIONS_MAX; i++)
        has[i] = false;
    assay_sim_swarm_count_drawn(scenario, m.drawn);
    find_ranges(scenario, m.ranges);
    visit_all(mark_place, &m);
}

/* --- what happened */
/* Without the elements of a list that begin after the end of a run. */
#define KEEP(list, counter, condition)                                                             \
    do {                                                                                           \
        uint32_t kept = 0;                                                                         \
        for (uint32_t i = 0; i < s->counter; i++) {                                                \
            if (condition) s->list[kept++] = s->list[i];                                           \
        }                                                                                          \
        s->counter = kept;                                                                         \
    } while (0)

static void clip(struct assay_scenario *s, uint64_t epochs, uint64_t simulated_ms)
{
    KEEP(adversaries, adversary_count, s->adversaries[i].start_epoch <= epochs);
    KEEP(partitions, partition_count, s->partitions[i].start_epoch <= epochs);
    KEEP(crashes, crash_count, s->crashes[i].at_epoch <= epochs); /* 0: at a rate */
    KEEP(clocks, clock_count, s->clocks[i].at_ms < simulated_ms);
    KEEP(changes, change_count, s->changes[i].at_epoch <= epochs);
    KEEP(recovers, recover_count, s->recovers[i].at_epoch <= epochs);
    KEEP(days, day_count, s->days[i].at_epoch <= epochs);
    if (s->old_operators_epoch > epochs) s->old_operators_epoch = 0;
}
#undef KEEP

/* X(kind of fault, figure that counts it) */
#define PROOF_LIST(X)                                                                              \
    X(LOSS, MESSAGES_LOST)                                                                         \
    X(PARTITIONS, MESSAGES_LOST)                                                                   \
    X(BURNED, MESSAGES_LOST)                                                                       \
    X(LOST_STORES, CRASHES)                                                                        \
    X(LOST_LOGS, CRASHES)                                                                          \
    X(CRASHES, CRASHES)                                                                            \
    X(CHANGES, CHANGES_TAKEN)                                                                      \
    X(JOINS, CHANGES_TAKEN)                                                                        \
    X(PARAMETERS, CHANGES_ACTIVE)                                                                  \
    X(ERAS, ERAS)                                                                                  \
    X(SEVERAL_ERAS, ERAS)                                                                          \
    X(SERVICES, SERVICE_RECORDS)                                                                   \
    X(QUOTA_ABUSERS, QUOTA_ABUSE_REFUSED)                                                          \
    X(HANDOVERS, HANDOVERS_SHOWN)                                                                  \
    X(FENCED, FENCES_OVER)                                                                         \
    X(OLD_OPERATORS, OLD_DOCUMENTS)                                                                \
    X(PROPOSALS, STATEMENTS)                                                                       \
    X(NEW_KEYS, KEYS_CHANGED)                                                                      \
    X(STOLEN_KEYS, OLD_IDENTITIES)                                                                 \
    X(WORKLOAD_KEYS, KEYS_DECLARED)                                                                \
    X(GROUP_KEY, GENERATIONS)                                                                      \
    X(NAMES, NAMES_GRANTED)                                                                        \
    X(KEY_SESSIONS, CERTIFICATES_SIGNED)

void assay_sim_situations_happened(const struct assay_scenario *scenario,
                                   const struct assay_sim_outcome *outcome,
                                   bool has[static ASSAY_SIM_SITUATIONS_MAX])
{
    struct assay_scenario reached = *scenario;
    const int64_t closed = outcome->figures[ASSAY_SIM_FIGURE_EPOCHS][0];
    const int64_t simulated_ms = outcome->figures[ASSAY_SIM_FIGURE_SIMULATED_MS][0];
    const uint64_t ms = simulated_ms > 0 ? (uint64_t)simulated_ms : 0;
    /* A stalled epoch of a scenario is two lengths of an epoch. */
    const uint64_t stalled = ms / (2 * (uint64_t)scenario->epoch_ms);
    const uint64_t epochs = closed > 0 && (uint64_t)closed > stalled ? (uint64_t)closed : stalled;
    clip(&reached, epochs, ms);
    assay_sim_situations_mark(&reached, has);
#define PROOF_SEEN(symbol, figure)                                                                 \
    if (outcome->figures[ASSAY_SIM_FIGURE_##figure][0] <= 0) has[ASSAY_SIM_DRAWN_##symbol] = false;
    PROOF_LIST(PROOF_SEEN)
#undef PROOF_SEEN
}

/* --- counts */
void assay_sim_coverage_add(struct assay_sim_coverage *coverage, uint32_t paired,
                            const bool drawn[static ASSAY_SIM_SITUATIONS_MAX],
                            const bool happened[static ASSAY_SIM_SITUATIONS_MAX])
{
    for (uint32_t b = 0; b < ASSAY_SIM_SITUATIONS_MAX; b++) {
        if (!drawn[b]) continue;
        coverage->drawn[b]++;
        coverage->happened[b] += happened[b];
        for (uint32_t a = 0; a < b && b < paired; a++) {
            if (!drawn[a]) continue;
            coverage->pairs_drawn[assay_sim_pair_index(a, b)]++;
            coverage->pairs_happened[assay_sim_pair_index(a, b)] += happened[a] && happened[b];
        }
    }
}
