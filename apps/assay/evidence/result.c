/*
 * apps/assay/evidence/result.c - `assay result verify`: tokens of other verifiers as statements of
 * their issuers.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/text.h"
#include "base/file/file.h"
#include "base/file/kind.h"
#include "base/rfc3339.h"
#include "base/system_clock.h"
#include "net/json/json.h"
#include "quote/result/token/issuers.h"
#include "quote/yaml.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPLAIN(json, ...) cli_print_error((json), ASSAY_EXIT_USAGE, "usage", __VA_ARGS__)

struct result_arguments {
    const char *token, *service, *issuer, *keys, *root, *audience, *nonce;
    const char *policy; /* in place of service, issuer, keys, root and audience */
    int64_t at_unix_s;
    bool json;
    /* --- read from them */
    struct assay_token_terms terms;
    struct assay_key root_key;
    uint8_t *key_bytes; /* of malloc, as the token's */
    uint8_t *token_bytes;
    size_t token_len;
};

/* --- inputs */
static int load_keys(struct result_arguments *args)
{
    size_t len = 0;
    if (args->keys == NULL) return ASSAY_EXIT_OK;
    const enum assay_status status =
        assay_file_read(args->keys, ASSAY_KEY_SET_LEN_MAX, &args->key_bytes, &len);
    if (status != ASSAY_OK) return cli_print_file_fault(args->json, "--keys ", args->keys, status);
    args->terms.keys = assay_slice_over(args->key_bytes, len);
    if (len > 0) return ASSAY_EXIT_OK;
    return COMPLAIN(args->json, "--keys %s: is empty, expected a JSON web key set", args->keys);
}

static int load_root(struct result_arguments *args)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (args->root == NULL) return ASSAY_EXIT_OK;
    enum assay_status status = assay_file_read(args->root, ASSAY_PEM_MAX, &bytes, &len);
    if (status != ASSAY_OK) return cli_print_file_fault(args->json, "--root ", args->root, status);
    status = assay_x509_root(bytes, len, &args->root_key);
    free(bytes);
    if (status != ASSAY_OK)
        return COMPLAIN(args->json, "--root %s: %s", args->root,
                        cli_file_fault_of(args->root, status, "a root certificate"));
    args->terms.root = &args->root_key;
    return ASSAY_EXIT_OK;
}

static int load_token(struct result_arguments *args)
{
    const char *const path = strcmp(args->token, "-") == 0 ? "/dev/stdin" : args->token;
    const enum assay_status status =
        assay_file_read(path, ASSAY_RESULT_LEN_MAX, &args->token_bytes, &args->token_len);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status == ASSAY_E_RANGE)
        return cli_print_error(args->json, ASSAY_EXIT_MALFORMED, "malformed",
                               "%s: longer than the %d bytes that a token may have", args->token,
                               (int)ASSAY_RESULT_LEN_MAX);
    return cli_print_file_fault(args->json, "", args->token, status);
}

static int read_terms(struct result_arguments *args)
{
    if (args->service == NULL || args->issuer == NULL)
        return COMPLAIN(args->json, "give --service and --issuer, or --policy FILE");
    if (args->keys == NULL && args->root == NULL)
        return COMPLAIN(args->json,
                        "give --keys FILE (the issuer's JSON web key set), --root FILE, or both");
    if (assay_token_service_parse(args->service, &args->terms.service) != ASSAY_OK)
        return COMPLAIN(args->json,
                        "--service: expected azure, google, intel or nvidia, found \"%.40s\"",
                        args->service);
    if (args->issuer[0] == '\0') return COMPLAIN(args->json, "--issuer: is empty");
    args->terms.issuer = args->issuer;
    args->terms.audience = args->audience;
    args->terms.nonce = args->nonce;
    args->terms.at_unix_s = args->at_unix_s;
    const int result = load_keys(args);
    return result == ASSAY_EXIT_OK ? load_root(args) : result;
}

/* --- JSON */
static void set_optional(struct assay_json *out, const char *key, const char *text)
{
    if (text == NULL || text[0] == '\0') assay_json_set_null(out, key);
    else assay_json_set_text(out, key, text);
}

static void set_flag(struct assay_json *out, const char *key, enum assay_result_flag flag)
{
    if (flag == ASSAY_FLAG_UNSTATED) assay_json_set_null(out, key);
    else assay_json_set_bool(out, key, flag == ASSAY_FLAG_YES);
}

/* A value in its parent: by its key in a map, at the end of a list. */
static void set_value(struct assay_json *parent, const struct assay_tree_node *node,
                      bool is_in_list, struct assay_json *value)
{
    if (is_in_list) assay_json_append(parent, value);
    else assay_json_set(parent, node->key, value);
}

static void add_scalar(struct assay_json *parent, const struct assay_tree_node *node,
                       bool is_in_list)
{
    /* One member of a scratch object, moved: the adapter makes scalars in objects alone. */
    struct assay_json *const scratch = assay_json_object();
    switch ((enum assay_tree_type)node->type) {
    case ASSAY_TREE_NULL: assay_json_set_null(scratch, "v"); break;
    case ASSAY_TREE_BOOL: assay_json_set_bool(scratch, "v", node->number != 0); break;
    case ASSAY_TREE_INT: assay_json_set_int(scratch, "v", node->number); break;
    case ASSAY_TREE_REAL:
    case ASSAY_TREE_TEXT:
        assay_json_set_text_n(scratch, "v", node->text.bytes, node->text.len);
        break;
    case ASSAY_TREE_LIST:
    case ASSAY_TREE_MAP: break;
    }
    set_value(parent, node, is_in_list, assay_json_copy(assay_json_get(scratch, "v")));
    struct assay_json *unused = scratch;
    assay_json_free(&unused);
}

/* Parents are in front of their members, so one pass has them at hand. */
static struct assay_json *claims_json(const struct assay_doc_tree *tree)
{
    static struct assay_json *made[ASSAY_TREE_NODES_MAX];
    for (size_t i = 0; i < tree->count; i++) {
        const struct assay_tree_node *const node = &tree->nodes[i];
        const bool is_list = node->type == ASSAY_TREE_LIST;
        made[i] = NULL;
        if (is_list || node->type == ASSAY_TREE_MAP)
            made[i] = is_list ? assay_json_array() : assay_json_object();
        if (node->parent == ASSAY_TREE_TOP) continue;
        struct assay_json *const parent = made[node->parent];
        const bool is_in_list = tree->nodes[node->parent].type == ASSAY_TREE_LIST;
        if (made[i] != NULL) set_value(parent, node, is_in_list, made[i]);
        else add_scalar(parent, node, is_in_list);
    }
    return made[0];
}

static struct assay_json *device_json(const struct assay_token_device *device)
{
    struct assay_json *const out = assay_json_object();
    assay_json_set_text(out, "label", device->label);
    set_optional(out, "product", device->product);
    set_optional(out, "serial", device->serial);
    set_optional(out, "driver", device->driver);
    set_optional(out, "firmware", device->firmware);
    set_flag(out, "measured", device->measured);
    set_flag(out, "debug", device->debug);
    set_flag(out, "secure_boot", device->secure_boot);
    return out;
}

static struct assay_json *vector_json(const struct assay_trust_vector *vector)
{
    struct assay_json *const out = assay_json_object();
    for (int i = 0; i < ASSAY_TRUST_COUNT; i++) {
        const char *const name = assay_ar4si_name((enum assay_trust_claim)i);
        if (vector->claims[i] == 0) assay_json_set_null(out, name);
        else assay_json_set_int(out, name, vector->claims[i]);
    }
    return out;
}

static int print_json(const struct assay_token *token, const struct result_arguments *args)
{
    struct assay_open_check points[ASSAY_TOKEN_UNCHECKED_MAX];
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "statement", assay_token_statement_text(token->statement));
    assay_json_set_text(data, "note", assay_token_note);
    assay_json_set_text(data, "service", assay_token_service_text(token->service));
    assay_json_set_text(data, "issuer", token->issuer);
    set_optional(data, "subject", token->subject);
    set_optional(data, "audience", token->audience);
    set_optional(data, "nonce", token->nonce);
    assay_json_set_text(data, "algorithm", token->algorithm);
    set_optional(data, "key_id", token->key_id);
    if (token->has_issued) assay_json_set_time(data, "issued", token->issued_unix_s);
    else assay_json_set_null(data, "issued");
    assay_json_set_time(data, "expires", token->expires_unix_s);
    set_optional(data, "attester", token->attester);
    set_optional(data, "tcb_status", token->tcb_status);
    set_flag(data, "debug", token->debug);
    set_flag(data, "secure_boot", token->secure_boot);
    assay_json_set_bool(data, "policy_failed", token->policy_failed);
    assay_json_set(data, "trustworthiness_vector", vector_json(&token->vector));
    struct assay_json *const devices = assay_json_set_array(data, "devices");
    for (size_t i = 0; i < token->device_count; i++)
        assay_json_append(devices, device_json(&token->devices[i]));
    struct assay_json *const open = assay_json_set_array(data, "not_checked");
    const size_t count = assay_token_list_unchecked(token, &args->terms, points);
    for (size_t i = 0; i < count; i++) {
        struct assay_json *const one = assay_json_append_object(open);
        assay_json_set_text(one, "what", points[i].what);
        assay_json_set_text(one, "why", points[i].why);
    }
    assay_json_set(data, "claims", claims_json(&token->claims));
    return cli_print_envelope("assay.result.verify", data);
}

/* --- text */
static void print_row(const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0') (void)printf("%-11s %s\n", name, cli_text_sanitized(text));
}

static const char *flag_text(enum assay_result_flag flag)
{
    if (flag == ASSAY_FLAG_UNSTATED) return NULL;
    return flag == ASSAY_FLAG_YES ? "yes" : "no";
}

static void print_device(const struct assay_token_device *d)
{
    const char *const measured = flag_text(d->measured);
    const char *const debug = flag_text(d->debug);
    (void)printf(
        "device      %s: %s, driver %s, firmware %s; measured as expected: %s; debug: %s\n",
        d->label, d->product[0] == '\0' ? "product not stated" : d->product,
        d->driver[0] == '\0' ? "not stated" : d->driver,
        d->firmware[0] == '\0' ? "not stated" : d->firmware,
        measured == NULL ? "not stated" : measured, debug == NULL ? "not stated" : debug);
}

static int print_text(const struct assay_token *token, const struct result_arguments *args)
{
    struct assay_open_check points[ASSAY_TOKEN_UNCHECKED_MAX];
    char time[ASSAY_RFC3339_LEN + 1];
    (void)printf("statement   %s\n            %s\n", assay_token_statement_text(token->statement),
                 assay_token_note);
    print_row("service", assay_token_service_text(token->service));
    print_row("issuer", token->issuer);
    print_row("subject", token->subject);
    print_row("audience", token->audience);
    print_row("nonce", token->nonce);
    (void)printf("signature   %s, key %s\n", token->algorithm,
                 token->key_id[0] == '\0' ? "of x5c" : cli_text_sanitized(token->key_id));
    assay_rfc3339_format(token->issued_unix_s, time);
    if (token->has_issued) print_row("issued", time);
    assay_rfc3339_format(token->expires_unix_s, time);
    print_row("expires", time);
    print_row("attester", token->attester);
    print_row("TCB status", token->tcb_status);
    print_row("debug", flag_text(token->debug));
    print_row("secure boot", flag_text(token->secure_boot));
    if (token->policy_failed) print_row("policy", "the issuer did not accept the evidence");
    for (size_t i = 0; i < token->device_count; i++)
        print_device(&token->devices[i]);
    for (int k = 0; k < ASSAY_TRUST_COUNT; k++) {
        const enum assay_trust_claim claim = (enum assay_trust_claim)k;
        const int8_t value = token->vector.claims[k];
        if (value == 0) continue;
        (void)printf("  %-18s %4d  %s\n", assay_ar4si_name(claim), value,
                     assay_ar4si_meaning(claim, value));
    }
    const size_t count = assay_token_list_unchecked(token, &args->terms, points);
    for (size_t i = 0; i < count; i++)
        (void)printf("not checked %s: %s\n", points[i].what, points[i].why);
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

/* --- verdict of the command */
static int report_refusal(const struct assay_token *token, const struct result_arguments *args)
{
    struct assay_file_kind kind;
    const char *const answer = assay_token_answer_text(token->answer);
    if (token->answer == ASSAY_RESULT_MALFORMED && assay_file_kind_at(args->token, &kind) &&
        strcmp(kind.id, "jwt") != 0 && strcmp(kind.id, "text") != 0)
        return cli_print_error(args->json, ASSAY_EXIT_MALFORMED, "malformed",
                               "%s: is %s, expected a token: %s", args->token, kind.text,
                               token->why);
    if (token->answer == ASSAY_RESULT_MALFORMED || token->answer == ASSAY_RESULT_UNSUPPORTED)
        return cli_print_error(args->json, ASSAY_EXIT_MALFORMED, answer, "%s: %s", args->token,
                               token->why);
    return cli_print_error(args->json, ASSAY_EXIT_DENIED, "denied", "%s: %s: %s", args->token,
                           answer, token->why);
}

static int exit_of(enum assay_result_statement statement)
{
    switch (statement) {
    case ASSAY_STATED_AFFIRMING: return ASSAY_EXIT_OK;
    case ASSAY_STATED_WARNING: return ASSAY_EXIT_WARNING;
    case ASSAY_STATED_CONTRAINDICATED: return ASSAY_EXIT_CONTRAINDICATED;
    case ASSAY_STATED_NOTHING: return ASSAY_EXIT_NONE;
    }
    return ASSAY_EXIT_INTERNAL;
}

static int report_token(const struct assay_token *token, const struct result_arguments *args)
{
    if (token->answer != ASSAY_RESULT_VALID) return report_refusal(token, args);
    const int result = args->json ? print_json(token, args) : print_text(token, args);
    return result == ASSAY_EXIT_OK ? exit_of(token->statement) : result;
}

/* Under the terms of some issuers; those of the answer are the arguments' then. */
static int try_terms(struct result_arguments *args, const struct assay_token_terms *terms,
                     size_t count, struct assay_token *token)
{
    size_t index = 0;
    const enum assay_status status = assay_token_verify_any(
        terms, count, (const char *)args->token_bytes, args->token_len, token, &index);
    if (status != ASSAY_OK)
        return cli_print_error(args->json, ASSAY_EXIT_INTERNAL, "internal", "%s: %s", args->token,
                               assay_status_text(status));
    args->terms = terms[index];
    return report_token(token, args);
}

/* A file that the policy names, from the policy's own folder on. Out: *path: out, NULL for none */
static int path_from_policy(const struct result_arguments *args, const char *file,
                            char out[static PATH_MAX], const char **path)
{
    const char *const slash = strrchr(args->policy, '/');
    const int folder = file[0] == '/' || slash == NULL ? 0 : (int)(slash - args->policy) + 1;
    *path = file[0] == '\0' ? NULL : out;
    if (snprintf(out, PATH_MAX, "%.*s%s", folder, args->policy, file) < PATH_MAX)
        return ASSAY_EXIT_OK;
    return COMPLAIN(args->json,
                    "--policy: %s: from the policy's folder on this path has more than %d bytes: "
                    "give a shorter one",
                    file, PATH_MAX - 1);
}

/* The terms of all issuers of a policy, with what they name. */
struct accepted_issuers {
    size_t count;
    struct assay_token_issuers issuers;
    struct assay_token_terms terms[ASSAY_TOKEN_ISSUERS_MAX];
    struct assay_key roots[ASSAY_TOKEN_ISSUERS_MAX];
    uint8_t *keys[ASSAY_TOKEN_ISSUERS_MAX]; /* of malloc */
};

static void free_issuers(struct accepted_issuers *all)
{
    for (size_t i = 0; i < all->count; i++)
        free(all->keys[i]);
    free(all);
}

/* Issuers whose files cannot be read are errors, whichever issued the token. */
static int load_issuer(const struct result_arguments *given, const struct assay_token_issuer *one,
                       struct accepted_issuers *all)
{
    char keys[PATH_MAX], root[PATH_MAX];
    struct result_arguments args = *given;
    const size_t i = all->count++;
    args.service = assay_token_service_text(one->service);
    args.issuer = one->issuer;
    args.audience = one->audience[0] != '\0' ? one->audience : NULL;
    args.terms.has_age = one->has_age;
    args.terms.age_max_s = one->age_max_s;
    int result = path_from_policy(given, one->keys, keys, &args.keys);
    if (result == ASSAY_EXIT_OK) result = path_from_policy(given, one->root, root, &args.root);
    if (result != ASSAY_EXIT_OK) return result;
    result = read_terms(&args);
    all->keys[i] = args.key_bytes;
    all->terms[i] = args.terms;
    all->roots[i] = args.root_key;
    if (args.root != NULL) all->terms[i].root = &all->roots[i];
    return result;
}

static int load_policy(const struct result_arguments *args, struct accepted_issuers *all)
{
    char message[ASSAY_YAML_MESSAGE_MAX];
    uint8_t *text = NULL;
    size_t len = 0;
    enum assay_status status = assay_file_read(args->policy, ASSAY_YAML_LEN_MAX, &text, &len);
    if (status != ASSAY_OK)
        return cli_print_file_fault(args->json, "--policy ", args->policy, status);
    status = assay_token_issuers_parse_yaml(text, len, &all->issuers, message);
    free(text);
    if (status != ASSAY_OK) return COMPLAIN(args->json, "--policy %s:%s", args->policy, message);
    if (all->issuers.count == 0)
        return COMPLAIN(args->json, "--policy %s: names no issuer: expected token_issuers",
                        args->policy);
    for (uint32_t i = 0; i < all->issuers.count; i++) {
        const int result = load_issuer(args, &all->issuers.entries[i], all);
        if (result != ASSAY_EXIT_OK) return result;
    }
    return ASSAY_EXIT_OK;
}

static int verify_by_policy(struct result_arguments *args, struct assay_token *token)
{
    if (args->service != NULL || args->issuer != NULL || args->keys != NULL || args->root != NULL ||
        args->audience != NULL)
        return COMPLAIN(args->json, "--policy names issuers with keys and audience: give either it "
                                    "or --service, --issuer, --keys, --root, --audience");
    struct accepted_issuers *const all = calloc(1, sizeof *all);
    if (all == NULL)
        return cli_print_error(args->json, ASSAY_EXIT_INTERNAL, "internal", "no memory");
    int result = load_policy(args, all);
    if (result == ASSAY_EXIT_OK) result = try_terms(args, all->terms, all->count, token);
    free_issuers(all);
    return result;
}

static int verify_by_arguments(struct result_arguments *args, struct assay_token *token)
{
    const int result = read_terms(args);
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_token_terms terms = args->terms;
    return try_terms(args, &terms, 1, token);
}

static int verify_token(struct result_arguments *args)
{
    struct assay_token *const token = calloc(1, sizeof *token);
    if (token == NULL)
        return cli_print_error(args->json, ASSAY_EXIT_INTERNAL, "internal", "no memory");
    int result = load_token(args);
    if (result == ASSAY_EXIT_OK)
        result =
            args->policy != NULL ? verify_by_policy(args, token) : verify_by_arguments(args, token);
    free(args->key_bytes);
    free(args->token_bytes);
    free(token);
    return result;
}

int cli_command_result(int argc, char **argv)
{
    struct result_arguments args = { .at_unix_s = assay_unix_s() };
    const struct cli_option_target targets[] = {
        { "policy", .text = &args.policy }, { "service", .text = &args.service },
        { "issuer", .text = &args.issuer }, { "keys", .text = &args.keys },
        { "root", .text = &args.root },     { "audience", .text = &args.audience },
        { "nonce", .text = &args.nonce },   { "at", .time = &args.at_unix_s },
        { "json", .flag = &args.json },     { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    args.token = argv[2];
    return verify_token(&args);
}
