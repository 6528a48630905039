/*
 * apps/assay/members/change.c - command group `assay change`: changes of a running network, signed
 * by operators.
 *
 * draft writes a change file based on the state in force, show and simulate report its effect, sign
 * adds an operator's signature (offline, as for a genesis), submit sends it to a running node, list
 * reports its state (docs/upgrade.md 4, docs/protocol.md 9.5 to 9.9).
 */
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/members/node.h"
#include "apps/client.h"
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ what verbs share */

const char *cli_change_group(const struct assay_change_options *options)
{
    return options->group != NULL ? options->group : "change";
}

int cli_change_fail(const struct assay_change_options *options, enum assay_status status,
                    const char *what)
{
    int exit = ASSAY_EXIT_INTERNAL;
    const char *code = "internal";
    if (status == ASSAY_E_NOT_FOUND) {
        exit = ASSAY_EXIT_NOT_FOUND;
        code = "not_found";
    } else if (assay_status_class(status) == ASSAY_CLASS_INPUT) {
        exit = ASSAY_EXIT_MALFORMED;
        code = "malformed";
    }
    return cli_print_error(options->json, exit, code, "%s: %s: %s", cli_change_group(options), what,
                           cli_file_fault(what, status));
}

int cli_change_fail_key(const struct assay_change_options *options,
                        const struct cli_key_fault *fault)
{
    return cli_print_error(options->json, fault->exit, fault->code, "%s: %s",
                           cli_change_group(options), fault->text);
}

int cli_change_request(const struct assay_change_options *options, const char *request,
                       struct assay_json **document)
{
    const enum assay_status status =
        assay_client_request(options->socket, request, ASSAY_CLIENT_TIMEOUT_MS, document);
    if (status != ASSAY_OK) {
        char fault[ASSAY_CLIENT_FAULT_LEN];
        assay_client_fault(options->socket, status, fault);
        return cli_print_error(
            options->json, status == ASSAY_E_TIMEOUT ? ASSAY_EXIT_TIMEOUT : ASSAY_EXIT_UNREACHABLE,
            "unreachable", "%s: %s: %s", cli_change_group(options), options->socket, fault);
    }
    if (strcmp(assay_json_text(*document, "schema", ""), "assay.error") != 0) return ASSAY_EXIT_OK;
    const struct assay_json *error = assay_json_get(*document, "data");
    const char *code = assay_json_text(error, "code", "error");
    int exit = ASSAY_EXIT_USAGE;
    if (strcmp(code, "conflict") == 0) exit = ASSAY_EXIT_CONFLICT;
    if (strcmp(code, "denied") == 0 || strcmp(code, "refused") == 0) exit = ASSAY_EXIT_DENIED;
    if (strcmp(code, "store") == 0) exit = ASSAY_EXIT_INTERNAL;
    if (strcmp(code, "not_found") == 0) exit = ASSAY_EXIT_NOT_FOUND;
    exit = cli_print_error(options->json, exit, code, "%s: %s", cli_change_group(options),
                           assay_json_text(error, "detail", code));
    assay_json_free(document);
    return exit;
}

int cli_change_file_load(const struct assay_change_options *options, uint8_t **bytes,
                         struct assay_change_draft *draft)
{
    size_t len = 0;
    enum assay_status status =
        assay_file_read(options->file, ASSAY_CHANGE_RECORD_LEN_MAX, bytes, &len);
    if (status == ASSAY_OK) status = assay_draft_decode(assay_slice_over(*bytes, len), draft);
    if (assay_status_class(status) != ASSAY_CLASS_INPUT || status == ASSAY_E_NOT_FOUND)
        return status == ASSAY_OK ? ASSAY_EXIT_OK : cli_change_fail(options, status, options->file);
    return cli_print_error(options->json, ASSAY_EXIT_MALFORMED, "malformed", "%s: %s: %s",
                           cli_change_group(options), options->file,
                           cli_file_fault_of(options->file, status, "a change"));
}

int cli_change_file_write(const struct assay_change_options *options, const char *path,
                          struct assay_slice body, const uint8_t (*ids)[32],
                          const uint8_t (*signatures)[ASSAY_P256_SIGNATURE_LEN], uint32_t count)
{
    char command[48];
    uint8_t *bytes = malloc(ASSAY_CHANGE_RECORD_LEN_MAX);
    (void)snprintf(command, sizeof command, "assay: %s", cli_change_group(options));
    if (bytes == NULL) return cli_change_fail(options, ASSAY_E_MEMORY, path);
    struct assay_writer w = assay_writer_over(bytes, ASSAY_CHANGE_RECORD_LEN_MAX);
    enum assay_status status = assay_record_put_change(&w, body, ids, signatures, count);
    const int result = status == ASSAY_OK ? cli_output_write(command, path, ASSAY_FILE_PUBLIC,
                                                             assay_slice_over(w.bytes, w.len))
                                          : cli_change_fail(options, status, path);
    free(bytes);
    return result;
}

/* ------------------------------------------------------------ sign */

/* What the file has, less an older one of this operator, with the new one in its place. */
static void merge_signatures(const struct assay_change_draft *draft, const uint8_t id[static 32],
                             const uint8_t *signature, struct assay_change_draft *all)
{
    bool placed = false;
    all->signature_count = 0;
    for (uint32_t i = 0; i <= draft->signature_count; i++) {
        const bool end = i == draft->signature_count;
        const int order = end ? 1 : assay_bytes_compare(draft->signers[i], id, 32);
        if (!placed && order >= 0 && all->signature_count < ASSAY_OPERATORS_MAX) {
            assay_bytes_copy(all->signers[all->signature_count], 32, id, 32);
            assay_bytes_copy(all->signatures[all->signature_count++], ASSAY_P256_SIGNATURE_LEN,
                             signature, ASSAY_P256_SIGNATURE_LEN);
            placed = true;
        }
        if (end || order == 0 || all->signature_count == ASSAY_OPERATORS_MAX) continue;
        assay_bytes_copy(all->signers[all->signature_count], 32, draft->signers[i], 32);
        assay_bytes_copy(all->signatures[all->signature_count++], ASSAY_P256_SIGNATURE_LEN,
                         draft->signatures[i], ASSAY_P256_SIGNATURE_LEN);
    }
}

static int sign_with(const struct assay_change_options *options,
                     const struct assay_change_draft *draft, struct assay_signer *signer,
                     const uint8_t id[static 32], const struct cli_signer_check *check)
{
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    struct cli_key_fault fault;
    struct assay_change_draft *all = calloc(1, sizeof *all);
    if (all == NULL) return cli_change_fail(options, ASSAY_E_MEMORY, options->file);
    if (!cli_operator_key_sign(options->key, signer, draft->body, signature, &fault)) {
        free(all);
        return cli_change_fail_key(options, &fault);
    }
    merge_signatures(draft, id, signature, all);
    int result = cli_change_file_write(
        options, options->file, draft->body, (const uint8_t(*)[32])all->signers,
        (const uint8_t(*)[ASSAY_P256_SIGNATURE_LEN])all->signatures, all->signature_count);
    if (result == ASSAY_EXIT_OK && !options->json) {
        char hex[65];
        assay_hex_encode(id, 32, hex, sizeof hex);
        (void)printf("%s: signed by %s %.64s, %u signature%s in all%s\n", options->file,
                     check->is_checked ? "operator" : "the key of", hex,
                     (unsigned)all->signature_count, all->signature_count == 1 ? "" : "s",
                     check->is_checked ? "" : ", not verified");
        if (check->note[0] != '\0') (void)printf("note           %s\n", check->note);
    } else if (result == ASSAY_EXIT_OK) {
        struct assay_json *data = assay_json_object();
        assay_json_set_hex(data, "operator_id", id, 32);
        assay_json_set_uint(data, "signatures", all->signature_count);
        assay_json_set_bool(data, "checked", check->is_checked);
        assay_json_set_text(data, "note", check->note);
        result = cli_print_envelope("assay.change.sign", data);
    }
    free(all);
    return result;
}

int cli_change_run_sign(const struct assay_change_options *options)
{
    ASSAY_ASSERT(options->file != NULL && options->key != NULL); /* required options */
    uint8_t *bytes = NULL, id[32];
    struct assay_signer *signer = NULL;
    struct cli_key_fault fault;
    struct cli_signer_check check;
    struct assay_change_draft *draft = calloc(1, sizeof *draft);
    if (draft == NULL) return cli_change_fail(options, ASSAY_E_MEMORY, options->file);
    int result = cli_change_file_load(options, &bytes, draft);
    if (result == ASSAY_EXIT_OK) {
        if (!cli_operator_key_open(options->key, &signer, &fault))
            result = cli_change_fail_key(options, &fault);
        else assay_sha256(assay_signer_public(signer), ASSAY_P256_PUBLIC_LEN, id);
        if (result == ASSAY_EXIT_OK)
            result = cli_change_signer_check(options, "change sign", draft, id, &check);
        if (result == ASSAY_EXIT_OK) result = sign_with(options, draft, signer, id, &check);
        assay_signer_close(&signer);
    }
    free(draft);
    free(bytes);
    return result;
}

/* ------------------------------------------------------------ options */

/* What belongs to the --join before it. */
static bool add_to_join(struct assay_change_options *options, bool is_sample, const char *argument)
{
    if (options->request_count == 0) return false;
    struct assay_change_request *change_request = &options->requests[options->request_count - 1];
    if (strcmp(change_request->option, "join") != 0) return false;
    const char **place = is_sample ? &change_request->sample : &change_request->operator_name;
    /* Without a card: of add-node, where the last one counts. */
    if (*place != NULL && change_request->argument != NULL) return false;
    *place = argument;
    return true;
}

int cli_change_take_option(void *context, const char *option, const char *argument)
{
    struct assay_change_options *const options = context;
    const bool is_sample = strcmp(option, "sample") == 0;
    bool fits = options->request_count < ASSAY_ACTIONS_MAX;
    if (is_sample || strcmp(option, "operator") == 0)
        fits = add_to_join(options, is_sample, argument);
    else if (fits)
        options->requests[options->request_count++] =
            (struct assay_change_request){ .option = option, .argument = argument };
    return fits ? -1 : cli_misuse("--%s \"%s\" does not fit there", option, argument);
}

void cli_change_set_defaults(struct assay_change_options *options, const char *group)
{
    options->group = group;
    options->socket_named = options->socket != NULL;
    if (options->socket == NULL) options->socket = cli_daemon_default_socket();
    options->socket_given = options->socket_named || getenv("ASSAY_SOCKET") != NULL ||
                            assay_client_context(options->socket) != NULL;
}

/* The file of `assay node request` is the card and the sample that the first request lacks. */
static int add_node(const struct assay_change_options *options, const char *replaced)
{
    struct assay_change_options own = *options; /* points into the request */
    struct assay_node_request request;
    int result = cli_node_request_open("assay change add-node", own.file, &request);
    own.file = NULL;
    own.requests[0].argument = request.card;
    own.requests[0].sample = request.sample;
    if (replaced != NULL)
        own.requests[own.request_count++] =
            (struct assay_change_request){ .option = "leave", .argument = replaced };
    if (result == ASSAY_EXIT_OK) result = cli_change_run_draft(&own);
    cli_node_request_close(&request);
    return result;
}

static int run_verb(const char *verb, const struct assay_change_options *o)
{
    if (strcmp(verb, "draft") == 0 && o->request_count == 0)
        return cli_misuse("a change does something: give an action, such as --drain NODE");
    if (strcmp(verb, "draft") == 0) return cli_change_run_draft(o);
    if (strcmp(verb, "list") == 0) return cli_change_run_list(o);
    if (strcmp(verb, "show") == 0) return cli_change_run_show(o);
    if (strcmp(verb, "simulate") == 0) return cli_change_run_simulate(o);
    if (strcmp(verb, "sign") == 0) return cli_change_run_sign(o);
    if (strcmp(verb, "propose") == 0) return cli_change_run_propose(o);
    if (strcmp(verb, "inbox") == 0) return cli_change_run_inbox(o);
    if (strcmp(verb, "approve") == 0) return cli_change_run_approve(o);
    if (strcmp(verb, "withdraw") == 0) return cli_change_run_withdraw(o);
    return cli_change_run_submit(o);
}

int cli_command_change(int argc, char **argv)
{
    struct assay_change_options o = { .socket = NULL };
    char group[32];
    const char *replaced = NULL;
    const bool adds_node = strcmp(argv[1], "add-node") == 0;
    const struct cli_option_target targets[] = {
        { "store", .text = &o.store },
        { "genesis", .text = &o.genesis },
        { "activation", .text = &o.activation },
        { "force", .text = &o.forces },
        { "comment", .text = &o.comment },
        { "expires", .text = &o.expires },
        { "yes", .flag = &o.yes },
        { "replace", .text = &replaced },
        ASSAY_CHANGE_TARGETS(&o),
        { .name = NULL },
    };
    if (adds_node) o.requests[o.request_count++].option = "join"; /* of the --operator */
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    (void)snprintf(group, sizeof group, "change %s", argv[1]);
    cli_change_set_defaults(&o, group);
    if ((o.store != NULL) != (o.genesis != NULL))
        return cli_misuse("--store and --genesis go together");
    o.file = argv[2];
    return adds_node ? add_node(&o, replaced) : run_verb(argv[1], &o);
}
