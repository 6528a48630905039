/*
 * apps/assay/members/keys.c - command group `assay keys`: keys of a node or an operator, and their
 * public card.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/operator_key.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/core/service_user.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/members/change.h"
#include "apps/assay/members/identity_request.h"
#include "apps/assay/setup/genesis.h"

#include "apps/client.h"
#include "apps/config.h"
#include "base/assert.h"
#include "base/file/kind.h"
#include "engine/ledger/records/key_change.h"
#include "engine/store/store_sqlite.h"
#include "net/keys/keyring.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char cannot_write[] = "it cannot be made or written there";

static int report_error(const char *what, enum assay_status status, const char *hint)
{
    if (status == ASSAY_E_DUPLICATE)
        hint = "there are keys already, and they are never overwritten";
    else if (status != ASSAY_E_IO) hint = "";
    const bool writes = hint == cannot_write;
    struct assay_file_kind kind;
    const bool is_pem =
        !writes && assay_file_kind_at(what, &kind) && strcmp(kind.text, "a key in PEM") == 0;
    const char *const expected = is_pem ? "a key that `assay keys` made" : "a key";
    const char *const fault =
        writes ? cli_output_fault(what, status) : cli_file_fault_of(what, status, expected);
    (void)fprintf(stderr, "assay keys: %s: %s%s%s\n", what, fault, hint[0] != '\0' ? "; " : "",
                  hint);
    if (status == ASSAY_E_DUPLICATE) return ASSAY_EXIT_CONFLICT;
    return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL;
}

static void put_hex(FILE *out, const char *key, const uint8_t *bytes, size_t len)
{
    char text[2 * ASSAY_P256_PUBLIC_LEN + 1];
    assay_hex_encode(bytes, len, text, sizeof text);
    (void)fprintf(out, "%s: \"%s\"\n", key, text);
}

/* name NULL: unknown; such a text is no card. */
static void put_card(FILE *out, const char *name, const struct assay_keyring *ring)
{
    (void)fprintf(out, "# Public card of a node, written by `assay keys generate`.\n");
    (void)fprintf(out, "card_version: %d\n", ASSAY_CONFIG_VERSION);
    if (name != NULL) (void)fprintf(out, "name: \"%s\"\n", name);
    put_hex(out, "node_id", ring->node_id, sizeof ring->node_id);
    put_hex(out, "identity_public", ring->identity_public, sizeof ring->identity_public);
    put_hex(out, "bootstrap_public", ring->bootstrap_public, sizeof ring->bootstrap_public);
    put_hex(out, "voting_public", ring->current.voting_public, sizeof ring->current.voting_public);
    put_hex(out, "transport_public", ring->current.transport_public,
            sizeof ring->current.transport_public);
}

static int write_card(const char *dir, const char *name, const struct assay_keyring *ring)
{
    char path[PATH_MAX], text[2048];
    if (snprintf(path, sizeof path, "%s/node.yaml", dir) >= (int)sizeof path)
        return report_error(dir, ASSAY_E_IO, "the path is too long");
    FILE *out = fmemopen(text, sizeof text, "w");
    if (out == NULL) return report_error(path, ASSAY_E_MEMORY, "");
    put_card(out, name, ring);
    const long len = ftell(out);
    (void)fclose(out);
    const enum assay_status status =
        assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(text, (size_t)len));
    return status == ASSAY_OK ? ASSAY_EXIT_OK : report_error(path, status, cannot_write);
}

static void put_ring(struct assay_json *data, const struct assay_keyring *ring)
{
    assay_json_set_hex(data, "node_id", ring->node_id, sizeof ring->node_id);
    assay_json_set_hex(data, "identity_public", ring->identity_public,
                       sizeof ring->identity_public);
    assay_json_set_hex(data, "bootstrap_public", ring->bootstrap_public,
                       sizeof ring->bootstrap_public);
    assay_json_set_hex(data, "voting_public", ring->current.voting_public,
                       sizeof ring->current.voting_public);
    assay_json_set_hex(data, "transport_public", ring->current.transport_public,
                       sizeof ring->current.transport_public);
    assay_json_set_uint(data, "incarnation", ring->current.incarnation);
    assay_json_set_uint(data, "incarnation_waiting", ring->next.incarnation);
    if (ring->has_next_identity)
        assay_json_set_hex(data, "identity_waiting", ring->next_identity_public,
                           sizeof ring->next_identity_public);
}

static int generate_keys(const char *dir, const char *name)
{
    ASSAY_ASSERT(name != NULL); /* by the table */
    if (!assay_name_is_fit(assay_slice_over(name, strlen(name))))
        return cli_misuse("--name wants 1 to %d of A-Z a-z 0-9 . _ -, not \"%s\"", ASSAY_NAME_MAX,
                          name);
    struct assay_keyring ring;
    const enum assay_status status = assay_keyring_create(dir, &ring);
    if (status != ASSAY_OK) return report_error(dir, status, cannot_write);
    int result = write_card(dir, name, &ring);
    if (result == ASSAY_EXIT_OK && cli_json_mode_is_on()) {
        struct assay_json *const data =
            cli_result_json("keys generate", (const char *const[]){ dir, NULL });
        assay_json_set_text(data, "name", name);
        put_ring(data, &ring);
        result = cli_result_json_print(data);
    } else if (result == ASSAY_EXIT_OK) {
        put_card(stdout, name, &ring);
    }
    assay_keyring_wipe(&ring);
    return result;
}

/* What is in the place of an operator's key. */
static int report_existing(const char *path)
{
    struct assay_file_kind kind;
    const bool is_known = assay_file_kind_at(path, &kind);
    (void)fprintf(stderr, "assay keys: %s: %s is there already%s\n", path,
                  is_known ? kind.text : "a folder, or something else that is no file,",
                  is_known && kind.is_secret ? ", and keys are never overwritten"
                                             : ", and is not overwritten: name another file");
    return ASSAY_EXIT_CONFLICT;
}

static int operator_key(const char *path)
{
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    const enum assay_status status = assay_keyring_operator_create(path, public_key);
    if (status == ASSAY_E_DUPLICATE) return report_existing(path);
    if (status != ASSAY_OK) return report_error(path, status, cannot_write);
    if (cli_json_mode_is_on()) {
        struct assay_json *const data =
            cli_result_json("keys operator", (const char *const[]){ path, NULL });
        assay_json_set_hex(data, "public_key", public_key, sizeof public_key);
        return cli_result_json_print(data);
    }
    put_hex(stdout, "public_key", public_key, sizeof public_key);
    return ASSAY_EXIT_OK;
}

static int print_json(struct assay_json *data)
{
    return cli_print_envelope("assay.keys", data);
}

/* A signature that is used for nothing: the public half that is printed, and then listed by a
 * network, belongs to a private half that signs here. */
static bool check_signs(const char *key, struct assay_signer *signer, struct cli_key_fault *fault)
{
    static const char text[] = "assay: check of an operator's key";
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    return cli_operator_key_sign(key, signer, assay_slice_over(text, sizeof text - 1), signature,
                                 fault);
}

/* Of a token or an agent. verb: operator, which makes a pair if it is asked to, or show */
static int reference_key(const char *verb, const char *key, bool generates)
{
    struct assay_signer *signer = NULL;
    struct cli_key_fault fault;
    char label[ASSAY_SIGNER_LABEL_LEN];
    bool good = generates ? cli_operator_key_generate(key, &signer, &fault)
                          : cli_operator_key_open(key, &signer, &fault);
    if (good && strcmp(verb, "operator") == 0) good = check_signs(key, signer, &fault);
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN] = { 0 };
    if (good)
        assay_bytes_copy(public_key, sizeof public_key, assay_signer_public(signer),
                         sizeof public_key);
    assay_signer_close(&signer);
    if (!good) {
        (void)fprintf(stderr, "assay keys: %s\n", fault.text);
        return fault.exit;
    }
    if (!cli_json_mode_is_on()) {
        put_hex(stdout, "public_key", public_key, sizeof public_key);
        return ASSAY_EXIT_OK;
    }
    const bool shows = strcmp(verb, "show") == 0;
    struct assay_json *const data =
        shows ? assay_json_object()
              : cli_result_json("keys operator",
                                (const char *const[]){ assay_signer_label(key, label), NULL });
    assay_json_set_hex(data, "public_key", public_key, sizeof public_key);
    return shows ? print_json(data) : cli_result_json_print(data);
}

/* The name is in the card alone; a card of other keys names another node. */
static bool find_name(const char *dir, const struct assay_keyring *ring,
                      char name[static ASSAY_NAME_MAX + 1])
{
    char path[PATH_MAX], message[ASSAY_CONFIG_MESSAGE_MAX];
    struct assay_node_card card;
    if (snprintf(path, sizeof path, "%s/node.yaml", dir) >= (int)sizeof path) return false;
    if (assay_node_card_load(path, &card, message) != ASSAY_OK ||
        !assay_bytes_equal(card.node_id, ring->node_id, sizeof card.node_id))
        return false;
    (void)snprintf(name, ASSAY_NAME_MAX + 1, "%s", card.name);
    return true;
}

static int show_keys(const char *path, bool json)
{
    struct assay_keyring ring;
    struct assay_secret32 secret;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    enum assay_status status = assay_keyring_load(path, &ring);
    if (status == ASSAY_OK) {
        struct assay_json *const data = json ? assay_json_object() : NULL;
        char name[ASSAY_NAME_MAX + 1];
        const bool named = find_name(path, &ring, name);
        if (json && named) assay_json_set_text(data, "name", name);
        if (json) put_ring(data, &ring);
        if (!json && !named)
            (void)printf("# No card of these keys is there (%s/node.yaml), so no name either.\n",
                         path);
        if (!json) put_card(stdout, named ? name : NULL, &ring);
        if (!json) (void)printf("incarnation: %u\n", (unsigned)ring.current.incarnation);
        assay_keyring_wipe(&ring);
        return json ? print_json(data) : ASSAY_EXIT_OK;
    }
    const enum assay_status second = assay_keyring_operator_load(path, &secret, public_key);
    assay_secret_wipe(&secret, sizeof secret);
    if (second != ASSAY_OK) /* the file's kind is a better message than "not a folder" */
        return report_error(path, assay_status_class(second) == ASSAY_CLASS_INPUT ? second : status,
                            "a key file must be a regular file of mode 0600");
    if (json) {
        struct assay_json *const data = assay_json_object();
        assay_json_set_hex(data, "public_key", public_key, sizeof public_key);
        return print_json(data);
    }
    put_hex(stdout, "public_key", public_key, sizeof public_key);
    return ASSAY_EXIT_OK;
}

/* A daemon that starts, hangs or has lost its socket does not answer, and has the keys in memory.
 * Returns: whether a process has the store open, which is reported. */
static bool reports_holder(const struct assay_config *config)
{
    char path[PATH_MAX], process[32] = "another process";
    if (snprintf(path, sizeof path, "%s/store.sqlite", config->state_dir) >= (int)sizeof path ||
        !assay_store_sqlite_is_held(path))
        return false;
    const int holder = assay_store_sqlite_holder(path);
    if (holder > 0) (void)snprintf(process, sizeof process, "process %d", holder);
    (void)fprintf(stderr,
                  "assay keys rotate: %s has its store open, %s: stop it, rotate, start it\n",
                  process, path);
    return true;
}

static bool daemon_answers(const struct assay_config *config)
{
    struct assay_json *answer = NULL;
    const enum assay_status asked =
        assay_client_request(config->admin, "status", ASSAY_CLIENT_TIMEOUT_MS, &answer);
    assay_json_free(&answer);
    return asked != ASSAY_E_NOT_FOUND && asked != ASSAY_E_IO;
}

/* The next set is stored next to the listed one until the network lists it (docs/protocol.md 2.6).
 * A
 * daemon has both in memory, so it must not run. */
static int rotate_keys(const char *config_path)
{
    static struct assay_config config; /* large */
    char message[ASSAY_CONFIG_MESSAGE_MAX] = "";
    char why[ASSAY_FILE_MESSAGE_LEN] = "";
    struct assay_keyring ring;
    if (assay_config_load_here(config_path, &config, message) != ASSAY_OK) {
        (void)fprintf(stderr, "assay keys rotate: %s\n", message);
        return ASSAY_EXIT_USAGE;
    }
    if (daemon_answers(&config)) {
        (void)fprintf(stderr,
                      "assay keys rotate: a daemon answers at %s: stop it, rotate, start it\n",
                      config.admin);
        return ASSAY_EXIT_CONFLICT;
    }
    if (reports_holder(&config)) return ASSAY_EXIT_CONFLICT;
    /* By the daemon's user alone: what another one writes there it could not read. */
    enum assay_status status = assay_keyring_open(config.keys_dir, config.identity_dir, &ring, why);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "assay keys rotate: %s\n", why);
        return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_USAGE;
    }
    const uint32_t number = assay_keyring_following_number(&ring);
    status = assay_keyring_make_next(config.keys_dir, number, &ring);
    assay_keyring_wipe(&ring);
    if (status != ASSAY_OK) return report_error(config.keys_dir, status, cannot_write);
    if (cli_json_mode_is_on()) {
        struct assay_json *const data =
            cli_result_json("keys rotate", (const char *const[]){ config.keys_dir, NULL });
        assay_json_set_uint(data, "incarnation", number);
        return cli_result_json_print(data);
    }
    (void)printf("%s: new voting and transport keys, incarnation %u; start the daemon, and the "
                 "network lists them\n"
                 "note: the node does not vote until a block lists the new keys, which takes the "
                 "votes of the others: rotate\nthe keys of one node at a time, and only if the "
                 "others have more than two thirds of the weight; otherwise the\nnetwork stops and "
                 "needs RECOVER (assay recover)\n",
                 config.keys_dir, (unsigned)number);
    return ASSAY_EXIT_OK;
}

#define ANY_ERA ((uint64_t)UINT32_MAX)

/* What a new identity key signs that it follows (docs/protocol.md 9.6.8). */
struct succession {
    uint8_t in_force[ASSAY_P256_PUBLIC_LEN];
    uint64_t era, sequence; /* of the change; ANY_ERA, 0: the next one of the ledger */
};

/* By the ledger of the node, running or stopped: its folder may have an older key, of a backup.
 * s: stays as it is where the node has no ledger yet. Errors are printed.
 * Returns: an enum assay_exit */
static int find_key_in_force(const struct assay_config *config, const uint8_t node_id[static 32],
                             struct succession *s)
{
    struct assay_change_options options = { .group = "keys rotate",
                                            .socket = config->admin,
                                            .genesis = config->genesis,
                                            .json = cli_json_mode_is_on() };
    struct assay_change_source source;
    if (!daemon_answers(config)) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof path, "%s/store.sqlite", config->state_dir) >= (int)sizeof path ||
            access(path, F_OK) != 0)
            return ASSAY_EXIT_OK;
        if (reports_holder(config)) return ASSAY_EXIT_CONFLICT;
        options.store = config->state_dir;
    }
    const int result = cli_change_source_open(&options, &source);
    if (result == ASSAY_EXIT_OK) {
        const struct assay_state *const state = &source.basis->state;
        const uint32_t slot = assay_state_slot_of(state, node_id);
        if (slot < state->member_count)
            assay_bytes_copy(s->in_force, sizeof s->in_force, state->members[slot].identity_public,
                             ASSAY_P256_PUBLIC_LEN);
        if (s->era == ANY_ERA) s->era = state->era;
        if (s->sequence == 0) s->sequence = state->change_sequence + 1;
    }
    cli_change_source_close(&source);
    return result;
}

/* The new key signs that it follows the one in force, by this change. */
static enum assay_status sign_request(const struct assay_keyring *ring, const struct succession *s,
                                      const uint8_t chain_id[static 32],
                                      struct cli_identity_request *request)
{
    uint8_t bytes[ASSAY_KEY_STATEMENT_LEN_MAX], digest[32];
    struct assay_p256_signer *signer = NULL;
    assay_bytes_copy(request->chain_id, 32, chain_id, 32);
    assay_bytes_copy(request->node_id, 32, ring->node_id, 32);
    assay_bytes_copy(request->public_key, ASSAY_P256_PUBLIC_LEN, ring->next_identity_public,
                     ASSAY_P256_PUBLIC_LEN);
    request->era = s->era == ANY_ERA ? 0 : (uint32_t)s->era;
    request->sequence = s->sequence == 0 ? 1 : s->sequence;
    const struct assay_slice statement =
        assay_identity_statement(chain_id, request->era, request->sequence, ring->node_id,
                                 s->in_force, ring->next_identity_public, bytes);
    assay_sha256(statement.bytes, statement.len, digest);
    ASSAY_TRY(assay_p256_signer_load(&ring->next_identity_private, &signer));
    const enum assay_status status = assay_p256_sign(signer, digest, request->signature);
    assay_p256_signer_free(&signer);
    return status;
}

/* again: the key was made by an earlier request, and still waits. */
static int print_request(const char *out, const struct cli_identity_request *request, bool again)
{
    if (cli_json_mode_is_on()) {
        struct assay_json *const data =
            cli_result_json("keys rotate", (const char *const[]){ out, NULL });
        assay_json_set_hex(data, "node_id", request->node_id, sizeof request->node_id);
        assay_json_set_hex(data, "identity_public", request->public_key,
                           sizeof request->public_key);
        assay_json_set_uint(data, "era", request->era);
        assay_json_set_uint(data, "sequence", request->sequence);
        assay_json_set_bool(data, "again", again);
        return cli_result_json_print(data);
    }
    (void)printf("%s: request for a new identity key, %s; for the operators:\n"
                 "  assay change draft --identity %s --out identity.change\n"
                 "It is for change %llu of era %u, and for no other. If another change takes that "
                 "number, make the request again.\n"
                 "The daemon goes on with its present key, and uses the new one from the epoch on "
                 "in which that change is in force;\nit may run meanwhile. Make a backup then: "
                 "one of today has the old key.\n",
                 out, again ? "the same as before: its key waits already" : "which was made now",
                 out, (unsigned long long)request->sequence, (unsigned)request->era);
    return ASSAY_EXIT_OK;
}

/* The waiting key of the node's folder, chain of its genesis and key in force into a request. */
static int make_request(const struct assay_config *config, const struct assay_genesis *genesis,
                        struct succession *s, struct cli_identity_request *request, bool *again)
{
    char why[ASSAY_FILE_MESSAGE_LEN] = "";
    struct assay_keyring ring;
    const char *const folder =
        config->identity_dir[0] != '\0' ? config->identity_dir : config->keys_dir;
    enum assay_status status =
        assay_keyring_open(config->keys_dir, config->identity_dir, &ring, why);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "assay keys rotate: %s\n", why);
        return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_USAGE;
    }
    *again = ring.has_next_identity;
    assay_bytes_copy(s->in_force, sizeof s->in_force, ring.identity_public,
                     sizeof ring.identity_public);
    const int found = find_key_in_force(config, ring.node_id, s);
    if (found != ASSAY_EXIT_OK) {
        assay_keyring_wipe(&ring);
        return found;
    }
    status = assay_keyring_make_next_identity(folder, &ring);
    if (status == ASSAY_OK) status = sign_request(&ring, s, genesis->chain_id, request);
    assay_keyring_wipe(&ring);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : report_error(folder, status, cannot_write);
}

/* docs/protocol.md 9.6.8: the new key waits next to the one in force, and the request for operators
 * has its consent. */
static int rotate_identity(const char *config_path, const char *out, struct succession *s)
{
    static const char command[] = "assay keys rotate";
    static struct assay_config config; /* large */
    char message[ASSAY_CONFIG_MESSAGE_MAX] = "";
    struct cli_identity_request request = { .chain_id = { 0 } };
    struct assay_service_user user;
    bool again = false;
    if (out == NULL) return cli_misuse("--identity wants --out FILE, the request for operators");
    const int early = cli_output_check(command, out, "json"); /* before there is a new key */
    if (early != ASSAY_EXIT_OK) return early;
    if (assay_config_load_here(config_path, &config, message) != ASSAY_OK) {
        (void)fprintf(stderr, "%s: %s\n", command, message);
        return ASSAY_EXIT_USAGE;
    }
    struct assay_genesis_file genesis;
    struct assay_where where = { 0 };
    cli_service_user_enter(&config, &user);
    const enum assay_status read = cli_genesis_file_load(config.genesis, &genesis, &where);
    int result = read == ASSAY_OK ? make_request(&config, genesis.genesis, s, &request, &again)
                                  : cli_genesis_report_error(command, config.genesis, read, &where);
    cli_service_user_leave(&user);
    cli_genesis_file_free(&genesis);
    if (result == ASSAY_EXIT_OK) result = cli_identity_request_write(command, out, &request);
    return result == ASSAY_EXIT_OK ? print_request(out, &request, again) : result;
}

int cli_command_keys(int argc, char **argv)
{
    const char *name = NULL, *out = NULL, *config = "/etc/assay/assayd.yaml";
    bool json = false, generates = false, identity = false;
    struct succession s = { .era = ANY_ERA };
    struct assay_daemon_request q = cli_daemon_request("keys");
    const struct cli_option_target targets[] = {
        { "name", .text = &name },
        { "generate", .flag = &generates },
        { "config", .text = &config },
        { "identity", .flag = &identity },
        { "out", .text = &out },
        { "era", .number = &s.era, .low = 0, .high = UINT32_MAX - 1 },
        { "sequence", .number = &s.sequence, .low = 1, .high = INT64_MAX },
        { "socket", .text = &q.socket },
        { "timeout", .ms = &q.timeout_ms },
        { "json", .flag = &json },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    const char *const verb = argv[1], *const where = argv[2];
    q.json = json;
    if (strcmp(verb, "list") == 0) return cli_keys_list(&q, argc > 2 ? where : NULL);
    if (strcmp(verb, "rotate") == 0 && out != NULL && !identity)
        return cli_misuse("--out is of --identity");
    if (strcmp(verb, "rotate") == 0 && (s.era != ANY_ERA || s.sequence != 0) && !identity)
        return cli_misuse("--era and --sequence are of --identity");
    if (strcmp(verb, "rotate") == 0)
        return identity ? rotate_identity(config, out, &s) : rotate_keys(config);
    if (strcmp(verb, "generate") == 0) return generate_keys(where, name);
    if (generates && !assay_signer_is_reference(where))
        return cli_misuse("--generate is of a token's key (pkcs11:...); a file is made without it");
    if (assay_signer_is_reference(where)) return reference_key(verb, where, generates);
    return strcmp(verb, "operator") == 0 ? operator_key(where) : show_keys(where, json);
}
