/*
 * apps/assay/core/options.h - table of verbs of the command line: arguments, options, exit
 * statuses, examples.
 *
 * The table is the single source of accepted lines, help, completions and the man page
 * (completion.c). Groups read their options (option_values.h) after validation by the table, so
 * usage errors are uniform: verb, required words and required options are present then.
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
    /* Exit statuses of its own: "10 a member would be suspended, 11 it would be reverted", or "".
     * "never 3 7; " before them: shared ones that it cannot end with. */
    const char *exit;
    const char *examples; /* lines */
    const struct assay_option *options;
};

#define ASSAY_OPTION_SOCKET                                                                        \
    {                                                                                              \
        "socket", "PATH",                                                                          \
            "admin socket of the daemon (default $ASSAY_SOCKET, else /run/assay/admin.sock)", 0    \
    }
#define ASSAY_OPTION_JSON                                                                          \
    {                                                                                              \
        "json", NULL, "print one versioned JSON document, also for errors", 0                      \
    }
#define ASSAY_OPTION_TIMEOUT                                                                       \
    {                                                                                              \
        "timeout", "MS", "timeout of a request in ms, 1 to 3600000, default 5000", 0               \
    }
#define ASSAY_OPTION_AT                                                                            \
    {                                                                                              \
        "at", "RFC3339", "time of the appraisal, default now", 0                                   \
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
const struct assay_verb *cli_verb_at(size_t index);

/*
 * cli_options_check - validate a command line.
 * In:      argv: from the group on
 * Returns: -1 when it is valid; else the exit status, after printing help or the error
 */
int cli_options_check(int argc, char **argv);
/* A part of a line: a word, or an option with its value. */
struct cli_line_part {
    int at;     /* in argv, of its last word; 0: before the first part */
    bool plain; /* behind "--" */
    bool is_option;
    char *word;                        /* as it stands there */
    size_t name_len;                   /* of an option, without dashes and "=VALUE" */
    const struct assay_option *option; /* NULL: the verb has none of that name */
    const char *value;                 /* NULL: none */
};
/* The part behind *part, of the line that cli_options_check has got. Returns: false at its end. */
bool cli_line_next(int argc, char **argv, struct cli_line_part *part);
/* The verb of that line. Returns: never NULL. */
const struct assay_verb *cli_line_verb(void);
/* Whether the line asks for JSON, by an option that its verb has. Returns: so. */
bool cli_options_json(int argc, char **argv);
/* Says on stderr what is wrong with words that are each right. Returns: ASSAY_EXIT_USAGE. */
__attribute__((format(printf, 1, 2))) int cli_misuse(const char *format, ...);
/* Help for a group, or for one verb of it. */
void cli_options_help(const char *group, const char *verb, FILE *out);
/* The exit statuses of a verb, as help has them. */
void cli_options_exit(const struct assay_verb *v, FILE *out);
/* What stands for an option's value: "" for none, KIND for too many choices. Returns: text. */
const char *cli_option_value(const struct assay_option *option);
/* The nearest of a few names, or NULL: candidates end with NULL. Returns: one of them. */
const char *cli_nearest(const char *word, const char *const *candidates);

#endif
