/*
 * apps/sim/commands/print.c - JSON envelopes, errors and option parsing of the commands.
 */
#include "apps/sim/commands/command.h"

#include "apps/flags.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DETAIL_MAX = 1024 };

void sim_put_plain(FILE *out, const char *text)
{
    while (*text != '\0') {
        const size_t len = assay_scenario_character_len(text);
        if (len > 0) (void)fwrite(text, 1, len, out);
        else (void)fprintf(out, "\\x%02x", (unsigned)(unsigned char)*text);
        text += len > 0 ? len : 1;
    }
}

int sim_print_envelope(const char *schema, struct assay_json *data)
{
    struct assay_json *envelope = assay_json_object();
    assay_json_set_text(envelope, "schema", schema);
    assay_json_set_uint(envelope, "schema_version", 1);
    assay_json_set(envelope, "data", data);
    char *const text = assay_json_print(envelope, 2);
    assay_json_free(&envelope);
    if (text == NULL) {
        (void)fputs("assay-sim: no memory\n", stderr);
        return ASSAY_SIM_EXIT_FAILED;
    }
    (void)puts(text);
    free(text);
    return ASSAY_SIM_EXIT_OK;
}

int sim_print_error(bool json, int exit, const char *code, const char *format, ...)
{
    char detail[DETAIL_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    (void)fputs("assay-sim: ", stderr);
    sim_put_plain(stderr, detail);
    (void)fputc('\n', stderr);
    if (!json) return exit;
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "code", code);
    assay_json_set_text(data, "detail", detail);
    const int printed = sim_print_envelope("assay.error", data);
    return printed == ASSAY_SIM_EXIT_OK ? exit : printed;
}

/* --- usage */

bool sim_wants_json(int argc, char *const *argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0) return true;
    return false;
}

int sim_print_misuse(int argc, char *const *argv, const char *found, const char *format, ...)
{
    char expected[DETAIL_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(expected, sizeof expected, format, args);
    va_end(args);
    return sim_print_error(sim_wants_json(argc, argv), ASSAY_SIM_EXIT_USAGE, "usage",
                           "%s: %s%s%.100s%s; see `assay-sim %s --help`", argv[0], expected,
                           found != NULL ? ", found \"" : "", found != NULL ? found : "",
                           found != NULL ? "\"" : "", argv[0]);
}

int sim_next_option(int argc, char *const *argv, const struct option *known, int *index)
{
    opterr = 0; /* sim_print_option reports it, in JSON too */
    return assay_flags_next(argc, argv, ":", known, index);
}

int sim_print_option(int argc, char *const *argv, const struct option *known, int code)
{
    char wrong[ASSAY_FLAGS_MESSAGE_MAX];
    assay_flags_wrong(argc, argv, code, known, wrong);
    return sim_print_misuse(argc, argv, NULL, "%s", wrong);
}

int sim_walk_options(int argc, char *const *argv, const struct option *known,
                     const char *(*take)(void *context, int code), void *context)
{
    optind = 0; /* main.c has read words before */
    for (int code = 0; (code = sim_next_option(argc, argv, known, NULL)) != -1;) {
        if (code == '?' || code == ':') return sim_print_option(argc, argv, known, code);
        const char *const expected = take(context, code);
        if (expected != NULL) return sim_print_misuse(argc, argv, optarg, "%s", expected);
    }
    return ASSAY_SIM_EXIT_OK;
}

struct plain {
    bool json, help;
};

static const char *parse_plain(void *context, int code)
{
    struct plain *const p = context;
    *(code == 'h' ? &p->help : &p->json) = true;
    return NULL;
}

int sim_walk_plain(int argc, char *const *argv, const char *usage, bool *json, bool *help)
{
    static const struct option known[] = { { "json", no_argument, NULL, 'j' },
                                           { "help", no_argument, NULL, 'h' },
                                           { NULL, 0, NULL, 0 } };
    struct plain p = { false, false };
    const int wrong = sim_walk_options(argc, argv, known, parse_plain, &p);
    if (wrong == ASSAY_SIM_EXIT_OK && p.help) (void)fputs(usage, stdout);
    *json = p.json;
    *help = p.help;
    return wrong;
}
