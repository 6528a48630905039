/*
 * apps/assay/operate/doctor.c - `assay doctor` and `assay doctor net`: diagnosis of a node.
 *
 * It changes nothing, and works whether the daemon runs or not.
 */
#include "apps/assay/operate/doctor.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/terminal.h"
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/assert.h"
#include "base/system_clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char config_default[] = "/etc/assay/assayd.yaml";

void cli_doctor_report(struct assay_doctor *d, const char *about, enum assay_health health,
                       const char *expected, const char *advice, const char *format, ...)
{
    va_list args;
    ASSAY_ASSERT(d->count < ASSAY_DOCTOR_ROWS_MAX);
    struct assay_doctor_row *const row = &d->rows[d->count++];
    *row = (struct assay_doctor_row){
        .about = about, .health = health, .expected = expected, .advice = advice
    };
    va_start(args, format);
    const int len = vsnprintf(row->found, sizeof row->found, format, args);
    va_end(args);
    cli_text_mark_cut(row->found, sizeof row->found, len);
}

static const char *health_text(enum assay_health health)
{
    switch (health) {
    case ASSAY_HEALTH_OK: return "ok";
    case ASSAY_HEALTH_WARN: return "warn";
    case ASSAY_HEALTH_FAIL: return "fail";
    }
    return "?";
}

static enum assay_health worst_of(const struct assay_doctor *d)
{
    enum assay_health worst = ASSAY_HEALTH_OK;
    for (size_t i = 0; i < d->count; i++)
        if (d->rows[i].health > worst) worst = d->rows[i].health;
    return worst;
}

static struct assay_json *describe_checks(const struct assay_doctor *d)
{
    struct assay_json *const data = assay_json_object(), *const list = assay_json_array();
    for (size_t i = 0; i < d->count; i++) {
        const struct assay_doctor_row *const row = &d->rows[i];
        struct assay_json *const object = assay_json_append_object(list);
        assay_json_set_text(object, "check", row->about);
        assay_json_set_text(object, "health", health_text(row->health));
        assay_json_set_text(object, "found", cli_text_sanitized(row->found));
        assay_json_set_text(object, "expected", row->expected);
        assay_json_set_text(object, "advice", row->advice);
    }
    assay_json_set_text(data, "health", health_text(worst_of(d)));
    assay_json_set_bool(data, "daemon", d->runs);
    assay_json_set(data, "checks", list);
    return data;
}

/* Of one check, after its health in colour. */
static const char check_view[] = " {check,-14} {found}\n"
                                 "[?health!=ok                      expected: {expected}\n"
                                 "                     do: {advice}\n]";

static const char counts_view[] =
    "{#checks?health=ok} ok, {#checks?health=warn} warn, {#checks?health=fail} fail\n";

static int print_text(const struct assay_doctor *d, struct assay_json *data)
{
    /* As standings have them, by what they call for: none, a look, something at once. */
    static const char *const colours[] = { "FULL", "WARNING", "SUSPENDED" };
    const struct assay_terminal terminal = cli_terminal_look();
    for (size_t i = 0; i < d->count; i++) {
        const enum assay_health health = d->rows[i].health;
        (void)printf("%s%-5s%s", cli_terminal_colour(&terminal, colours[health]),
                     health_text(health), cli_terminal_plain(&terminal));
        cli_view_print(check_view, assay_json_at(assay_json_get(data, "checks"), i), stdout);
    }
    return cli_view_result(false, NULL, data, counts_view);
}

static int read_options(struct assay_doctor *d, bool *json, int argc, char **argv)
{
    const struct cli_option_target targets[] = {
        { "config", .text = &d->config_path },
        { "socket", .text = &d->socket },
        { "timeout", .ms = &d->timeout_ms },
        { "json", .flag = json },
        { .name = NULL },
    };
    d->timeout_ms = ASSAY_CLIENT_TIMEOUT_MS;
    const int early = cli_options_read(argc, argv, targets);
    if (d->config_path == NULL && access(config_default, F_OK) == 0)
        d->config_path = config_default;
    return early;
}

int cli_command_doctor(int argc, char **argv)
{
    static struct assay_doctor d; /* large */
    bool json = false;
    const int early = read_options(&d, &json, argc, argv);
    if (early >= 0) return early;
    d.at_unix_s = assay_unix_s();
    cli_doctor_config(&d);
    if (d.socket == NULL) d.socket = d.has_config ? d.config.admin : cli_daemon_default_socket();
    if (argv[1] != NULL) return cli_doctor_net(&d, json); /* the table has no other word */
    if (d.has_config) cli_doctor_holder(&d);
    cli_doctor_daemon(&d);
    if (d.has_config) cli_doctor_files(&d);
    cli_doctor_machine(&d);
    struct assay_json *const data = describe_checks(&d);
    const int printed = json ? cli_print_envelope("assay.doctor", data) : print_text(&d, data);
    if (printed != ASSAY_EXIT_OK) return printed;
    const enum assay_health worst = worst_of(&d);
    return worst == ASSAY_HEALTH_OK     ? ASSAY_EXIT_OK
           : worst == ASSAY_HEALTH_WARN ? ASSAY_EXIT_WARNING
                                        : ASSAY_EXIT_CONTRAINDICATED;
}
