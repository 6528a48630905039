/*
 * apps/assay/members/change_draft.c - `assay change draft`: actions from options of the command
 * line, validated against the state in force before anything is signed.
 */
#include "apps/assay/members/drafting.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/setup/member.h"
#include "base/assert.h"
#include "base/base64.h"
#include "base/checked.h"
#include "base/system_clock.h"
#include "net/verifier/rule_documents.h"
#include "quote/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACTIVATION_DEFAULT = 16, OPERATORS_FILE_MAX = 64 * 1024, NODE_ID_DIGITS_MIN = 8 };

const char *cli_draft_verb(const struct cli_drafting *d)
{
    return cli_change_group(d->options);
}

int cli_draft_refuse(const struct cli_drafting *d, const char *format, ...)
{
    char words[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    return cli_print_error(d->options->json, ASSAY_EXIT_USAGE, "usage", "%s: %s", cli_draft_verb(d),
                           words);
}

static void close_drafting(struct cli_drafting *d)
{
    assay_ruleset_close(&d->rules);
    cli_change_source_close(&d->source);
    free(d->actions);
    free(d->cards);
    free(d->policy);
    free(d->policy_bytes);
    free(d->operator_bytes);
    free(d->plan_bytes);
    free(d->operators);
    free(d->body);
}

/* A change brings policy and parameters as a whole, so it is built on what those that wait leave:
 * on what is in force now it would take back what they decided. A RECOVER drops them. */
static int open_rules(struct cli_drafting *d)
{
    struct assay_rules_in_force found;
    uint64_t after = 0;
    const uint64_t sequence = d->recovers ? 0 : d->sequence;
    const int result = cli_change_rules_before(d->options, &d->source, sequence, &found, &after);
    if (result != ASSAY_EXIT_OK) return result;
    d->parameters = found.parameters;
    return cli_change_rules_of(d->options, &d->source, NULL, &found, &d->rules);
}

static int open_drafting(struct cli_drafting *d)
{
    d->actions = calloc(ASSAY_ACTIONS_MAX, sizeof *d->actions);
    d->cards = calloc(ASSAY_ACTIONS_MAX, sizeof *d->cards);
    d->policy_bytes = malloc(ASSAY_POLICY_LEN_MAX);
    d->operator_bytes = malloc(ASSAY_OPERATORS_LEN_MAX);
    d->plan_bytes = malloc(ASSAY_SERVICES_PLAN_LEN_MAX);
    d->operators = calloc(1, sizeof *d->operators);
    d->body = malloc(ASSAY_CHANGE_LEN_MAX);
    if (d->actions == NULL || d->cards == NULL || d->policy_bytes == NULL ||
        d->operator_bytes == NULL || d->plan_bytes == NULL || d->operators == NULL ||
        d->body == NULL)
        return cli_change_fail(d->options, ASSAY_E_MEMORY, "start");
    const int result = cli_change_source_open(d->options, &d->source);
    if (result != ASSAY_EXIT_OK) return result;
    ASSAY_ASSERT(d->source.basis != NULL);
    d->state = &d->source.basis->state;
    if (d->sequence == 0) d->sequence = d->state->change_sequence + 1;
    if (!d->recovers) d->era = d->state->era;
    return open_rules(d);
}

struct assay_action *cli_draft_add_action(struct cli_drafting *d, enum assay_action_kind kind)
{
    d->actions[d->count].kind = kind; /* at most as many as options */
    return &d->actions[d->count++];
}

/* ------------------------------------------------------------ members */

static bool parse_number(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (*text == '\0') return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') return false;
        if (assay_mul_u64(value, 10, &value) != ASSAY_OK ||
            assay_add_u64(value, (uint64_t)(*text - '0'), &value) != ASSAY_OK)
            return false;
    }
    *out = value;
    return true;
}

/* The beginning of an id, as long as show prints it or shorter. Returns: how many members fit. */
static uint32_t find_by_id(const struct cli_drafting *d, const char *text, size_t len,
                           uint8_t id[static 32])
{
    uint32_t found = 0;
    if (len < NODE_ID_DIGITS_MIN || len > 64) return 0;
    for (uint32_t i = 0; i < d->state->member_count; i++) {
        const struct assay_member *m = &d->state->members[i];
        char hex[65];
        assay_hex_encode(m->node_id, 32, hex, sizeof hex);
        if (m->stage == ASSAY_STAGE_LEFT || strncmp(hex, text, len) != 0) continue;
        assay_bytes_copy(id, 32, m->node_id, 32);
        found++;
    }
    return found;
}

static int refuse_node(const struct cli_drafting *d, const char *text, size_t len, uint32_t found)
{
    static const char *names[ASSAY_MEMBERS_MAX + 1];
    char word[ASSAY_NAME_MAX + 1];
    uint32_t count = 0;
    for (uint32_t i = 0; i < d->state->member_count; i++)
        if (d->state->members[i].stage != ASSAY_STAGE_LEFT)
            names[count++] = d->state->members[i].name;
    names[count] = NULL;
    (void)snprintf(word, sizeof word, "%.*s", (int)assay_min_u64(len, ASSAY_NAME_MAX), text);
    const char *near = found == 0 ? cli_nearest(word, names) : NULL;
    return cli_print_error(d->options->json, ASSAY_EXIT_NOT_FOUND, "not_found",
                           found == 0 ? "%s: no member is named %.*s%s%s%s"
                                      : "%s: several members are named %.*s, or have an id that "
                                        "begins so: give a complete id%s%s%s",
                           cli_draft_verb(d), (int)len, text, near != NULL ? "; did you mean " : "",
                           near != NULL ? near : "", near != NULL ? "?" : "");
}

/* By name or by id; a name may also be that of a former member, an id is unique forever. A name may
 * be what another's id begins with: then neither is taken. */
static int find_node(const struct cli_drafting *d, const char *text, size_t len,
                     uint8_t id[static 32])
{
    uint32_t found = 0;
    uint8_t other[32];
    if (assay_id_parse(text, len, id) == ASSAY_OK) return ASSAY_EXIT_OK;
    for (uint32_t i = 0; i < d->state->member_count; i++) {
        const struct assay_member *m = &d->state->members[i];
        if (m->stage == ASSAY_STAGE_LEFT || strlen(m->name) != len ||
            !assay_bytes_equal(m->name, text, len))
            continue;
        assay_bytes_copy(id, 32, m->node_id, 32);
        found++;
    }
    const uint32_t begin_so = find_by_id(d, text, len, other);
    if (found == 0 && begin_so > 0) assay_bytes_copy(id, 32, other, 32);
    if (found == 0 || begin_so > 1 || (begin_so == 1 && !assay_bytes_equal(id, other, 32)))
        found += begin_so;
    return found == 1 ? ASSAY_EXIT_OK : refuse_node(d, text, len, found);
}

static int draft_stage(struct cli_drafting *d, enum assay_action_kind kind, const char *node)
{
    return find_node(d, node, strlen(node), cli_draft_add_action(d, kind)->node_id);
}

static int draft_maintenance(struct cli_drafting *d, const char *text)
{
    const char *equals = strrchr(text, '=');
    uint64_t epochs = 0;
    if (equals == NULL || !parse_number(equals + 1, &epochs) || epochs == 0 ||
        epochs > ASSAY_MAINTENANCE_EPOCHS)
        return cli_draft_refuse(d, "--maintenance: expected NODE=EPOCHS, 1 to %d",
                                ASSAY_MAINTENANCE_EPOCHS);
    struct assay_action *action = cli_draft_add_action(d, ASSAY_ACTION_MAINTENANCE);
    action->epochs = (uint32_t)epochs;
    return find_node(d, text, (size_t)(equals - text), action->node_id);
}

static int draft_join(struct cli_drafting *d, const struct assay_change_request *request)
{
    char message[ASSAY_CONFIG_MESSAGE_MAX] = "out of memory";
    const struct assay_genesis *effective = d->source.basis->effective.genesis;
    const struct assay_member_rules rules = { .at_unix_s = assay_unix_s(),
                                              .endorsements = &d->rules.endorsements,
                                              .policy = d->rules.policy };
    if (request->sample == NULL || request->operator_name == NULL)
        return cli_draft_refuse(d, "--join CARD is followed by --sample and --operator");
    struct assay_action *action = cli_draft_add_action(d, ASSAY_ACTION_JOIN);
    const enum assay_status status =
        cli_member_read(request->argument, request->sample, &rules, &d->cards[d->count - 1],
                        &action->card, message);
    if (status != ASSAY_OK) return cli_draft_refuse(d, "%s", message);
    const struct assay_slice name =
        assay_slice_over(request->operator_name, strlen(request->operator_name));
    for (uint32_t i = 0; i < effective->operator_count; i++) {
        if (!assay_slice_equal(effective->operators[i].name, name)) continue;
        assay_bytes_copy(action->card.operator_id, 32, effective->operators[i].operator_id, 32);
        return ASSAY_EXIT_OK;
    }
    return cli_print_error(d->options->json, ASSAY_EXIT_NOT_FOUND, "not_found",
                           "%s: no operator is named %s", cli_draft_verb(d),
                           request->operator_name);
}

/* ------------------------------------------------------------ parameters, operators */

static bool parse_cap(const char *text, uint32_t *num, uint32_t *den)
{
    char first[16];
    uint64_t a = 0, b = 0;
    const char *slash = strchr(text, '/');
    if (slash == NULL || (size_t)(slash - text) >= sizeof first) return false;
    assay_bytes_copy(first, sizeof first, text, (size_t)(slash - text));
    first[slash - text] = '\0';
    if (!parse_number(first, &a) || !parse_number(slash + 1, &b)) return false;
    if (a > UINT32_MAX || b > UINT32_MAX) return false;
    *num = (uint32_t)a;
    *den = (uint32_t)b;
    return true;
}

static bool parse_u32(const char *text, uint32_t *out)
{
    uint64_t value = 0;
    if (!parse_number(text, &value) || value > UINT32_MAX) return false;
    *out = (uint32_t)value;
    return true;
}

static bool parse_verifier(const char *text, uint8_t digest[static 32])
{
    if (strcmp(text, "none") != 0)
        return assay_hex_decode(text, strlen(text), digest, 32) == ASSAY_OK;
    assay_bytes_zero(digest, 32);
    return true;
}

static bool is_word(struct assay_slice text, const char *word)
{
    return assay_slice_equal(text, assay_slice_over(word, strlen(word)));
}

/* A value that is there already would be a change, signed and on trial, that changes nothing. */
static bool is_same_parameters(const struct assay_genesis_parameters *a,
                               const struct assay_genesis_parameters *b)
{
    enum { PARAMETERS_LEN_MAX = 256 };
    uint8_t left[PARAMETERS_LEN_MAX], right[PARAMETERS_LEN_MAX];
    struct assay_writer l = assay_writer_over(left, sizeof left);
    struct assay_writer r = assay_writer_over(right, sizeof right);
    assay_parameters_put(&l, a);
    assay_parameters_put(&r, b);
    return assay_slice_equal(assay_slice_over(left, l.len), assay_slice_over(right, r.len));
}

static int draft_parameter(struct cli_drafting *d, const char *text)
{
    struct assay_genesis_parameters *p = &d->parameters;
    const struct assay_genesis_parameters before = *p;
    const char *equals = strchr(text, '=');
    const size_t len = equals != NULL ? (size_t)(equals - text) : 0;
    const char *value = equals != NULL ? equals + 1 : "";
    const struct assay_slice name = assay_slice_over(text, len);
    bool good = false;
    d->has_parameters = true;
    if (is_word(name, "epoch_ms"))
        good = parse_u32(value, &p->epoch_ms) && p->epoch_ms >= ASSAY_EPOCH_MS_MIN &&
               p->epoch_ms <= ASSAY_EPOCH_MS_MAX;
    if (is_word(name, "block_len_max"))
        good = parse_u32(value, &p->block_len_max) && p->block_len_max >= ASSAY_BLOCK_LEN_MIN &&
               p->block_len_max <= ASSAY_BLOCK_LEN_MAX;
    if (is_word(name, "operator_cap"))
        good = parse_cap(value, &p->operator_cap_num, &p->operator_cap_den);
    if (is_word(name, "vendor_cap"))
        good = parse_cap(value, &p->vendor_cap_num, &p->vendor_cap_den);
    if (is_word(name, "collateral_delay")) {
        good = parse_u32(value, &p->collateral_delay_s) && p->collateral_delay_s > 0 &&
               p->collateral_delay_s <= ASSAY_COLLATERAL_DELAY_S_MAX;
        if (p->collateral_delay_s == ASSAY_COLLATERAL_DELAY_S) p->collateral_delay_s = 0;
    }
    if (is_word(name, "amplification_percent")) {
        good = parse_u32(value, &p->amplification_percent) &&
               p->amplification_percent >= ASSAY_AMPLIFICATION_PERCENT_MIN &&
               p->amplification_percent <= ASSAY_AMPLIFICATION_PERCENT_MAX;
        if (p->amplification_percent == ASSAY_AMPLIFICATION_PERCENT) p->amplification_percent = 0;
    }
    if (is_word(name, "quiet_floor_percent")) {
        good = parse_u32(value, &p->quiet_floor_percent) &&
               p->quiet_floor_percent >= ASSAY_QUIET_FLOOR_PERCENT_MIN &&
               p->quiet_floor_percent <= ASSAY_QUIET_FLOOR_PERCENT_MAX;
        if (p->quiet_floor_percent == ASSAY_QUIET_FLOOR_PERCENT) p->quiet_floor_percent = 0;
    }
    if (is_word(name, "verifier")) good = parse_verifier(value, p->verifier_digest);
    if (is_word(name, "level")) good = parse_u32(value, &p->level) && p->level <= ASSAY_LEVEL_MAX;
    if (good && is_same_parameters(&before, p))
        return cli_print_error(d->options->json, ASSAY_EXIT_CONFLICT, "conflict",
                               "%s: %.*s is %s already", cli_draft_verb(d), (int)len, text, value);
    if (good) return ASSAY_EXIT_OK;
    return cli_draft_refuse(d,
                            "--parameter %s: expected epoch_ms=100..3600000, operator_cap=A/B, "
                            "vendor_cap=A/B, block_len_max=BYTES, collateral_delay=SECONDS, "
                            "amplification_percent=100..300, quiet_floor_percent=67..100, "
                            "verifier=HEX|none or level=N",
                            text);
}

/* "NAME PUBLIC_KEY"; what begins with # is none. The name is cut out of the line. */
static bool take_operator(struct assay_genesis *g, char *line)
{
    char *space = strchr(line, ' ');
    if (line[0] == '#' || line[0] == '\0') return true;
    if (space == NULL || g->operator_count == ASSAY_OPERATORS_MAX) return false;
    struct assay_genesis_operator *o = &g->operators[g->operator_count++];
    const char *hex = space + strspn(space, " ");
    o->name = assay_slice_over(line, (size_t)(space - line));
    return assay_hex_decode(hex, strlen(hex), o->public_key, sizeof o->public_key) == ASSAY_OK;
}

static int draft_operators(struct cli_drafting *d, const char *path, char **text)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct assay_genesis *g = d->operators;
    uint64_t threshold = 0;
    if (d->options->threshold == NULL || !parse_number(d->options->threshold, &threshold))
        return cli_draft_refuse(d, "--operators FILE wants --threshold N");
    const enum assay_status status = assay_file_read(path, OPERATORS_FILE_MAX, &bytes, &len);
    if (status != ASSAY_OK) return cli_change_fail(d->options, status, path);
    *text = malloc(len + 1);
    if (*text == NULL) {
        free(bytes);
        return cli_change_fail(d->options, ASSAY_E_MEMORY, path);
    }
    assay_bytes_copy(*text, len, bytes, len);
    (*text)[len] = '\0';
    free(bytes);
    unsigned number = 0;
    for (char *line = *text; line != NULL;) {
        char *end = strchr(line, '\n');
        if (end != NULL) *end++ = '\0';
        number++;
        if (!take_operator(g, line))
            return cli_draft_refuse(d,
                                    "%s:%u: expected NAME PUBLIC_KEY (128 hexadecimal "
                                    "digits)",
                                    path, number);
        line = end;
    }
    g->operators_number = d->sequence;
    g->threshold = (uint32_t)assay_min_u64(threshold, UINT32_MAX);
    if (threshold > g->operator_count || 2 * threshold <= g->operator_count)
        return cli_draft_refuse(d,
                                "--threshold %llu of %u operators: it is more than half of "
                                "them, and not more than all",
                                (unsigned long long)threshold, (unsigned)g->operator_count);
    assay_genesis_sort(g);
    struct assay_writer w = assay_writer_over(d->operator_bytes, ASSAY_OPERATORS_LEN_MAX);
    struct assay_slice document = { 0 };
    enum assay_status encoded = assay_operators_encode(g, &w);
    if (encoded == ASSAY_OK) encoded = assay_writer_finish(&w, &document);
    if (encoded == ASSAY_OK) encoded = assay_operators_check(document);
    if (encoded != ASSAY_OK) return cli_change_fail(d->options, encoded, path);
    cli_draft_add_action(d, ASSAY_ACTION_OPERATORS)->document = document;
    return ASSAY_EXIT_OK;
}

/* ------------------------------------------------------------ the whole */

/* By its digest, or the beginning of it, of 16 digits at least: as status shows it. */
static int draft_collateral(struct cli_drafting *d, const char *text)
{
    const size_t len = strlen(text);
    const struct assay_update *found = NULL;
    for (uint32_t i = 0; i < d->state->update_count && len >= 16; i++) {
        char hex[65];
        assay_hex_encode(d->state->updates[i].digest, 32, hex, sizeof hex);
        if (len > 64 || strncmp(hex, text, len) != 0) continue;
        found = &d->state->updates[i];
    }
    if (found == NULL)
        return cli_draft_refuse(d,
                                "--collateral %s: nothing of that digest waits or was reverted "
                                "(assay collateral status)",
                                text);
    assay_bytes_copy(cli_draft_add_action(d, ASSAY_ACTION_COLLATERAL)->digest, 32, found->digest,
                     32);
    return ASSAY_EXIT_OK;
}

/* Beside what there is, and what changes that wait will add. */
static int draft_services(struct cli_drafting *d, const char *path)
{
    struct assay_slice document;
    const struct assay_change_basis *basis = d->source.basis;
    const struct assay_slice before =
        d->recovers ? basis->effective.genesis->services : assay_draft_plan(basis);
    if (d->has_plan) return cli_draft_refuse(d, "--services once");
    d->has_plan = true;
    const int result = cli_change_services_draft(d->options, before, d->parameters.epoch_ms, path,
                                                 d->plan_bytes, &document);
    if (result == ASSAY_EXIT_OK)
        cli_draft_add_action(d, ASSAY_ACTION_SERVICES)->document = document;
    return result;
}

static struct assay_change head_of(const struct cli_drafting *d)
{
    struct assay_change head = { .era = d->era, .sequence = d->sequence };
    assay_bytes_copy(head.chain_id, 32, d->state->chain_id, 32);
    return head;
}

static int draft_new_key(struct cli_drafting *d, enum assay_action_kind kind, const char *argument)
{
    const struct assay_change head = head_of(d);
    if (kind == ASSAY_ACTION_IDENTITY)
        return cli_change_identity_draft(d->options, &head, argument,
                                         cli_draft_add_action(d, kind));
    return cli_change_operator_key_draft(d->options, d->source.basis, d->recovers, &head, argument,
                                         d->operator_bytes, cli_draft_add_action(d, kind));
}

/* A change has one list of operators: a second one would be of another base. */
static int draft_list(struct cli_drafting *d, const struct assay_change_request *w, char **text)
{
    if (d->has_operators)
        return cli_draft_refuse(d, "--operators or --operator-key, once: make two changes of it");
    d->has_operators = true;
    if (strcmp(w->option, "operators") == 0) return draft_operators(d, w->argument, text);
    return draft_new_key(d, ASSAY_ACTION_OPERATOR_KEY, w->argument);
}

static int draft_request(struct cli_drafting *d, const struct assay_change_request *w, char **text)
{
    const char *const option = w->option, *const argument = w->argument;
    if (strcmp(option, "join") == 0) return draft_join(d, w);
    if (strcmp(option, "leave") == 0) return draft_stage(d, ASSAY_ACTION_LEAVE, argument);
    if (strcmp(option, "drain") == 0) return draft_stage(d, ASSAY_ACTION_REST, argument);
    if (strcmp(option, "undrain") == 0) return draft_stage(d, ASSAY_ACTION_WAKE, argument);
    if (strcmp(option, "maintenance") == 0) return draft_maintenance(d, argument);
    if (strcmp(option, "policy") == 0) return cli_draft_policy(d, argument);
    if (strcmp(option, "allow-reference") == 0)
        return cli_draft_reference(d, argument, ASSAY_REFERENCE_ALLOWED);
    if (strcmp(option, "retire-reference") == 0)
        return cli_draft_reference(d, argument, ASSAY_REFERENCE_RETIRING);
    if (strcmp(option, "deny-reference") == 0)
        return cli_draft_reference(d, argument, ASSAY_REFERENCE_DENIED);
    if (strcmp(option, "parameter") == 0) return draft_parameter(d, argument);
    if (strcmp(option, "collateral") == 0) return draft_collateral(d, argument);
    if (strcmp(option, "services") == 0) return draft_services(d, argument);
    if (strcmp(option, "identity") == 0) return draft_new_key(d, ASSAY_ACTION_IDENTITY, argument);
    ASSAY_ASSERT(strncmp(option, "operator", 8) == 0); /* the table has no other */
    return draft_list(d, w, text);
}

static int take_when(const struct cli_drafting *d, struct assay_change *change)
{
    const char *text = d->options->activation;
    const uint64_t running = d->state->epoch + 1;
    uint64_t value = ACTIVATION_DEFAULT;
    const bool ahead = text == NULL || text[0] == '+';
    if (text != NULL && !parse_number(ahead ? text + 1 : text, &value))
        return cli_draft_refuse(d, "--activation: expected +N or an epoch, found %s", text);
    if (ahead && assay_add_u64(value, running, &value) != ASSAY_OK) value = UINT64_MAX;
    change->activation = value;
    if (d->options->forces != NULL && !parse_number(d->options->forces, &change->forces))
        return cli_draft_refuse(d, "--force: expected a sequence number, found %s",
                                d->options->forces);
    return ASSAY_EXIT_OK;
}

static int write_draft(struct cli_drafting *d)
{
    struct assay_change change = head_of(d);
    struct assay_slice body;
    for (uint32_t i = 0; i < d->count; i++)
        if (d->actions[i].kind == ASSAY_ACTION_MAINTENANCE) change.sequence = 0;
    const int when = take_when(d, &change);
    if (when != ASSAY_EXIT_OK) return when;
    struct assay_writer w = assay_writer_over(d->body, ASSAY_CHANGE_LEN_MAX);
    enum assay_status status = assay_change_encode(&change, d->actions, d->count, &w);
    if (status == ASSAY_OK) status = assay_writer_finish(&w, &body);
    struct assay_change decoded;
    if (status == ASSAY_OK) status = assay_change_decode(body, &decoded);
    if (status == ASSAY_E_SYNTAX) return cli_draft_refuse(d, "maintenance must be the only action");
    if (status == ASSAY_E_FULL)
        return cli_draft_refuse(d, "more than %d bytes: make two changes of it",
                                ASSAY_CHANGE_LEN_MAX);
    if (status != ASSAY_OK) return cli_change_fail(d->options, status, "the change");

    char message[ASSAY_CHANGE_MESSAGE];
    struct assay_change_draft draft = { .body = body, .change = decoded };
    assay_sha256(body.bytes, body.len, draft.digest);
    status = assay_draft_review(d->source.basis, &draft, false, message);
    if (status != ASSAY_OK && status != ASSAY_E_EARLY)
        return cli_print_error(d->options->json, ASSAY_EXIT_CONFLICT, "conflict", "%s: %s",
                               cli_draft_verb(d), message);
    const int result = cli_change_file_write(d->options, d->options->out, body, NULL, NULL, 0);
    return result == ASSAY_EXIT_OK ? cli_change_print(d->options, &d->source, &draft) : result;
}

static int draft_requests(struct cli_drafting *d, char **text)
{
    int result = open_drafting(d);
    if (result == ASSAY_EXIT_OK) ASSAY_ASSERT(d->state != NULL);
    for (uint32_t i = 0; result == ASSAY_EXIT_OK && i < d->options->request_count; i++)
        result = draft_request(d, &d->options->requests[i], text);
    if (result == ASSAY_EXIT_OK && d->has_parameters)
        cli_draft_add_action(d, ASSAY_ACTION_PARAMETERS)->parameters = d->parameters;
    return result == ASSAY_EXIT_OK ? cli_draft_put_policy(d) : result;
}

int cli_change_draft_record(const struct assay_change_options *options,
                            const struct assay_change *head, uint8_t *record, size_t *len)
{
    struct cli_drafting d = {
        .options = options, .recovers = true, .sequence = head->sequence, .era = head->era
    };
    char *text = NULL;
    *len = 0;
    if (options->request_count == 0) return ASSAY_EXIT_OK;
    int result = draft_requests(&d, &text);
    if (result == ASSAY_EXIT_OK) {
        struct assay_writer b = assay_writer_over(d.body, ASSAY_CHANGE_LEN_MAX);
        struct assay_writer w = assay_writer_over(record, ASSAY_CHANGE_RECORD_LEN_MAX);
        enum assay_status status = assay_change_encode(head, d.actions, d.count, &b);
        if (status == ASSAY_OK)
            status = assay_record_put_change(&w, assay_slice_over(d.body, b.len), NULL, NULL, 0);
        *len = w.len;
        if (status != ASSAY_OK) result = cli_change_fail(options, status, "the actions");
    }
    close_drafting(&d);
    free(text);
    return result;
}

/* What operators signed stays: a draft does not take its place. */
static int check_out(const char *path)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    uint32_t signatures = 0;
    struct assay_change_draft *draft = malloc(sizeof *draft);
    if (draft != NULL &&
        assay_file_read(path, ASSAY_CHANGE_RECORD_LEN_MAX, &bytes, &len) == ASSAY_OK &&
        assay_draft_decode(assay_slice_over(bytes, len), draft) == ASSAY_OK)
        signatures = draft->signature_count;
    free(bytes);
    free(draft);
    return cli_output_check_signed("assay: change draft", path, signatures);
}

int cli_change_run_draft(const struct assay_change_options *options)
{
    struct cli_drafting d = { .options = options };
    char *text = NULL;
    int result = check_out(options->out);
    if (result == ASSAY_EXIT_OK) result = draft_requests(&d, &text);
    if (result == ASSAY_EXIT_OK) result = write_draft(&d);
    close_drafting(&d);
    free(text);
    return result;
}
