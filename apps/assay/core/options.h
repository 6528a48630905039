/*
 * apps/assay/core/options.h - every verb of the command line with its words, options and examples.
 *
 * One table says it, and the rest is made of it: what is accepted, help, completions, the man page
 * (completion.c). Groups read their options after the table has let them through, so that what is
 * wrong with a word is said in one way everywhere: a verb, words without brackets and options that
 * must be there are there then.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_OPTIONS_H
#define ASSAY_APPS_ASSAY_CORE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { ASSAY_OPTION_MUST = 1, ASSAY_OPTION_MANY = 2 };

struct assay_option {
    const char *name;  /* without dashes; NULL ends a list */
    const char *value; /* NULL: takes none; FILE, PATH, DIR are completed; "a|b|c": one of these */
    const char *help;  /* half a sentence */
    unsigned flags;
};

struct assay_verb {
    const char *group, *verb; /* verb "": the group has none, or may go without */
    const char *arguments;    /* "OLD NEW", "[ANSWER ...]", "" */
    const char *summary;      /* sentences */
    const char *exit;         /* of its own: "10 somebody falls, 11 it would revert", or "" */
    const char *examples;     /* lines */
    const struct assay_option *options;
};

#define ASSAY_OPTION_SOCKET                                                                        \
    {                                                                                              \
        "socket", "PATH",                                                                          \
            "admin socket of the daemon (default $ASSAY_SOCKET, else /run/assay/admin.sock)", 0    \
    }
#define ASSAY_OPTION_JSON                                                                          \
    {                                                                                              \
        "json", NULL, "one versioned JSON document, for failures as well", 0                       \
    }
#define ASSAY_OPTION_TIMEOUT                                                                       \
    {                                                                                              \
        "timeout", "MS", "how long an answer may take, default 5000", 0                            \
    }
#define ASSAY_OPTION_AT                                                                            \
    {                                                                                              \
        "at", "RFC3339", "the time to judge for, default now", 0                                   \
    }
#define ASSAY_OPTIONS_END                                                                          \
    {                                                                                              \
        NULL, NULL, NULL, 0                                                                        \
    }

/* The table, in the order of help. */
extern const struct assay_verb assay_verbs_evidence[], assay_verbs_network[], assay_verbs_node[],
    assay_verbs_services[], assay_verbs_anchor[];
extern const size_t assay_verbs_evidence_count, assay_verbs_network_count, assay_verbs_node_count,
    assay_verbs_services_count, assay_verbs_anchor_count;
/* Returns: the verb with this number, counted over all; NULL after the last. */
const struct assay_verb *assay_verb_at(size_t index);

/*
 * assay_options_check - may this line be run?
 * In:      argv: from the group on
 * Returns: -1 when it may; else the exit status, and what was asked for, or what is wrong with
 *          which word, is said
 */
int assay_options_check(int argc, char **argv);
/* Whether the line asks for JSON, by an option that its verb has. Returns: so. */
bool assay_options_json(int argc, char **argv);
/* Says on stderr what is wrong with words that are each right. Returns: ASSAY_EXIT_USAGE. */
__attribute__((format(printf, 1, 2))) int assay_misuse(const char *format, ...);
/* Help for a group, or for one verb of it. Returns: nothing. */
void assay_options_help(const char *group, const char *verb, FILE *out);
/* What stands for an option's value: "" for none, KIND for too many choices. Returns: text. */
const char *assay_option_value(const struct assay_option *option);
/* The nearest of a few names, or NULL: candidates end with NULL. Returns: one of them. */
const char *assay_nearest(const char *word, const char *const *candidates);

#endif
