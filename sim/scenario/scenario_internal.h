/*
 * sim/scenario/scenario_internal.h - table of keys for files, --set, printing and documentation.
 *
 * A section is a part of struct assay_scenario: the struct itself (name ""), a struct within it, or
 * a list of structs. Every value is text on input and output.
 */
#ifndef ASSAY_SIM_SCENARIO_SCENARIO_INTERNAL_H
#define ASSAY_SIM_SCENARIO_SCENARIO_INTERNAL_H

#include "base/writer.h"
#include "sim/scenario/scenario.h"

#include <stddef.h>

enum assay_scenario_kind {
    ASSAY_SCENARIO_U32,
    ASSAY_SCENARIO_U64,
    ASSAY_SCENARIO_BOOL,
    ASSAY_SCENARIO_NAME,      /* a-z, 0-9, - and _ */
    ASSAY_SCENARIO_TEXT,      /* one line */
    ASSAY_SCENARIO_WORD,      /* one of an enumeration */
    ASSAY_SCENARIO_COHORT,    /* name of a cohort, stored as its number */
    ASSAY_SCENARIO_CAP,       /* NUM/DEN, two u32 one after the other */
    ASSAY_SCENARIO_SHARES,    /* a list of shares, one of each vendor */
    ASSAY_SCENARIO_ASSERTION, /* FIGURE [COHORT] COMPARE NUMBER */
};

struct assay_scenario_key {
    const char *name;
    enum assay_scenario_kind kind;
    uint32_t offset; /* in the struct of its section */
    uint64_t min, max;
    const char *(*word)(uint32_t value); /* WORD: NULL outside the enumeration */
    uint32_t word_min, word_max;
    /* A bool of the same struct that enables this key; flag_when is its value then. flag_offset 0:
     * the key always counts (no flag is first in its struct). */
    uint32_t flag_offset;
    bool flag_when;
    /* A key that excludes this one; setting one clears the other. */
    const char *instead;
    const char *line; /* description, with its unit */
};

struct assay_scenario_section {
    const char *name;
    uint32_t offset;       /* of the struct, or of element 0 */
    bool is_list;          /* then: */
    uint32_t element_len;  /* of one */
    uint32_t count_offset; /* of the u32 count */
    uint32_t max;          /* elements */
    uint32_t first;        /* elements that always exist: cohort "honest" */
    const struct assay_scenario_key *keys;
    uint32_t key_count;
    const char *line;
};

/* The message of a value that does not fit. Returns: status, so that the caller can return it at
 * once. */
__attribute__((format(printf, 3, 4))) enum assay_status assay_scenario_refuse(
    char message[static ASSAY_SIM_MESSAGE_MAX], enum assay_status status, const char *format, ...);

enum {
    ASSAY_SCENARIO_SECTIONS = 15,
    ASSAY_SCENARIO_KEYS_MAX = 48, /* of one section */
    ASSAY_SCENARIO_VALUE_MAX = 256,
};
/* The struct itself is section 0; then in the order of reading: cohorts precede keys that name
 * them. */
extern const struct assay_scenario_section assay_scenario_sections[ASSAY_SCENARIO_SECTIONS];

/* Appends an element to a list, with its defaults. Returns: false: the list is full. */
bool assay_scenario_append(struct assay_scenario *scenario,
                           const struct assay_scenario_section *section);
/* Returns: the struct of a section's keys; index counts elements from 0. */
void *assay_scenario_part(struct assay_scenario *scenario,
                          const struct assay_scenario_section *section, uint32_t index);
const void *assay_scenario_part_const(const struct assay_scenario *scenario,
                                      const struct assay_scenario_section *section, uint32_t index);
/* Returns: number of elements; 1 for a section that is no list. */
uint32_t assay_scenario_part_count(const struct assay_scenario *scenario,
                                   const struct assay_scenario_section *section);

/*
 * assay_scenario_take - one value of one key. The message has the expected and the found value,
 * without the key. Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE | ASSAY_E_NOT_FOUND (a name)
 */
ASSAY_CHECKED enum assay_status assay_scenario_take(struct assay_scenario *scenario, void *part,
                                                    const struct assay_scenario_key *key,
                                                    const char *text, char *message);
/* The reverse. Returns: false: the key is not enabled in this part. */
bool assay_scenario_give(const struct assay_scenario *scenario, const void *part,
                         const struct assay_scenario_key *key,
                         char text[static ASSAY_SCENARIO_VALUE_MAX]);
/* The expected values of a key, for messages and documentation. */
void assay_scenario_expects(const struct assay_scenario_key *key,
                            char text[static ASSAY_SCENARIO_VALUE_MAX]);

/* The stored number, and whether it is within the bounds of its key; a text is checked as well. */
struct assay_scenario_found {
    uint64_t value;
    bool fits;
};
void assay_scenario_look(const void *part, const struct assay_scenario_key *key,
                         struct assay_scenario_found *found);

/* Plain decimal of len bytes. Returns: false for anything else. */
bool assay_scenario_number(const char *text, size_t len, uint64_t *out);
/* Returns: whether a text may be a name, or the title. */
bool assay_scenario_is_name(const char *text);
bool assay_scenario_is_line(const char *text);
/* Returns: whether there is a cohort of that name, and its number. */
bool assay_scenario_find_cohort(const struct assay_scenario *scenario, const char *name, size_t len,
                                uint32_t *out);

/* --- sim/scenario/scenario_path.c */
/* Every value within the bounds of its key. Returns: ASSAY_OK | ASSAY_E_RANGE, with a message. */
ASSAY_CHECKED enum assay_status assay_scenario_bounds(const struct assay_scenario *scenario,
                                                      char *message);

/* --- sim/scenario/scenario_assert.c */
ASSAY_CHECKED enum assay_status assay_assertion_take(const struct assay_scenario *scenario,
                                                     struct assay_sim_assertion *assertion,
                                                     const char *text, char *message);
/* Formats its text again, as when a cohort was renamed. */
void assay_assertion_name(const struct assay_scenario *scenario,
                          struct assay_sim_assertion *assertion);

#endif
