/*
 * apps/assay/operate/backup.c - command groups `assay backup` and `assay restore`.
 */
#include "apps/assay/operate/backup.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/result_json.h"
#include "net/keys/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ key */

static int make_key(const char *path)
{
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    const enum assay_status status = assay_keyring_create_backup_key(path, public_key);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "assay backup key: %s: %s\n", path,
                      status == ASSAY_E_DUPLICATE
                          ? "there is a file already, which is never replaced"
                          : cli_output_fault(path, status));
        return status == ASSAY_E_DUPLICATE ? ASSAY_EXIT_CONFLICT : ASSAY_EXIT_INTERNAL;
    }
    struct assay_json *const data =
        cli_result_json("backup key", (const char *const[]){ path, NULL });
    assay_json_set_hex(data, "public_key", public_key, sizeof public_key);
    return cli_result_print(data, "public_key: \"{public_key}\"\n");
}

/* ------------------------------------------------------------ list, verify */

static struct assay_json *json_of(const struct cli_backup_open *open, bool is_open)
{
    const struct assay_backup_head *const head = &open->sealed.head;
    struct assay_json *const data = assay_json_object();
    const bool is_sent = head->way == ASSAY_BACKUP_RECIPIENT;
    assay_json_set_text(data, "at", cli_backup_time(head));
    assay_json_set_text(data, "sealed", is_sent ? "recipient" : "passphrase");
    if (is_sent) assay_json_set_hex(data, "recipient", head->recipient, sizeof head->recipient);
    if (!is_open) return data;
    assay_json_set_text(data, "version", open->content.version);
    assay_json_set_hex(data, "node_id", open->content.node_id, sizeof open->content.node_id);
    assay_json_set_hex(data, "chain_id", open->content.chain_id, sizeof open->content.chain_id);
    assay_json_set_uint(data, "incarnation", open->content.incarnation);
    if (open->has_archive) assay_json_set_uint(data, "epoch", open->archive.end.epoch);
    struct assay_json *const files = assay_json_array();
    for (uint32_t i = 0; i < open->content.count; i++) {
        struct assay_json *const file = assay_json_append_object(files);
        assay_json_set_text(file, "name", open->content.pieces[i].name);
        assay_json_set_uint(file, "bytes", open->content.pieces[i].bytes.len);
    }
    assay_json_set(data, "files", files);
    return data;
}

static void print_id(const char *label, const uint8_t id[static 32])
{
    char text[65];
    assay_hex_encode(id, 32, text, sizeof text);
    (void)printf("%-14s %s\n", label, text);
}

static void print_head(const struct cli_backup_open *open)
{
    const struct assay_backup_head *const head = &open->sealed.head;
    char key[2 * ASSAY_P256_PUBLIC_LEN + 1];
    assay_hex_encode(head->recipient, sizeof head->recipient, key, sizeof key);
    (void)printf("written        %s\n", cli_backup_time(head));
    if (head->way == ASSAY_BACKUP_RECIPIENT) (void)printf("sealed         for the key %s\n", key);
    else (void)puts("sealed         with a passphrase");
}

static void print_content(const struct cli_backup_open *open)
{
    print_id("node", open->content.node_id);
    print_id("chain", open->content.chain_id);
    (void)printf("incarnation    %u; a restored node makes new voting keys\n",
                 (unsigned)open->content.incarnation);
    (void)printf("program        assay %s\n", open->content.version);
    for (uint32_t i = 0; i < open->content.count; i++)
        (void)printf("%14zu %s\n", open->content.pieces[i].bytes.len, open->content.pieces[i].name);
}

/* Without a key: the part in clear. */
static int list_backup(const struct cli_backup_options *o, struct cli_backup_open *open)
{
    const bool opens = o->key != NULL || o->passphrase != NULL;
    int result = cli_backup_load(o, open);
    if (result == ASSAY_EXIT_OK && opens) result = cli_backup_decrypt(o, open);
    if (result != ASSAY_EXIT_OK) return result;
    if (cli_json_mode_is_on()) return cli_print_envelope("assay.backup", json_of(open, opens));
    print_head(open);
    if (opens) print_content(open);
    else (void)puts("content        sealed: --key or --passphrase-file lists it");
    return ASSAY_EXIT_OK;
}

static int verify_backup(const struct cli_backup_options *o, struct cli_backup_open *open)
{
    int result = cli_backup_load(o, open);
    if (result == ASSAY_EXIT_OK) result = cli_backup_decrypt(o, open);
    if (result == ASSAY_EXIT_OK) result = cli_backup_check(o, open);
    if (result != ASSAY_EXIT_OK) return result;
    if (cli_json_mode_is_on()) return cli_print_envelope("assay.backup", json_of(open, true));
    print_head(open);
    print_content(open);
    (void)printf("member         %s\n", open->is_founder
                                            ? "of the genesis"
                                            : "not of the genesis: one that joined later?");
    if (open->has_archive)
        (void)printf("proven         epoch %llu, from %s on\n",
                     (unsigned long long)open->archive.end.epoch,
                     o->checkpoint != NULL ? "the checkpoint" : "genesis");
    else (void)puts("proven         the genesis; no epoch was closed yet");
    return ASSAY_EXIT_OK;
}

static int with_file(const struct cli_backup_options *o,
                     int (*run)(const struct cli_backup_options *, struct cli_backup_open *))
{
    struct cli_backup_open *const open = calloc(1, sizeof *open);
    if (open == NULL) return ASSAY_EXIT_INTERNAL;
    const int result = run(o, open);
    cli_backup_close(open);
    return result;
}

/* ------------------------------------------------------------ command lines */

int cli_command_backup(int argc, char **argv)
{
    struct cli_backup_options o = { .command = "assay backup", .config = "/etc/assay/assayd.yaml" };
    const struct cli_option_target targets[] = {
        { "config", .text = &o.config },
        { "identity-dir", .text = &o.identity_dir },
        { "out", .text = &o.out },
        { "recipient", .text = &o.recipient },
        { "key", .text = &o.key },
        { "passphrase-file", .text = &o.passphrase },
        { "genesis", .text = &o.genesis },
        { "checkpoint", .text = &o.checkpoint },
        { "also", .text = o.also, .count = &o.also_count, .most = ASSAY_BACKUP_ALSO_MAX },
        { "json", .flag = &(bool){ false } },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    const char *const verb = cli_line_verb()->verb;
    o.file = verb[0] != '\0' ? argv[2] : NULL;
    if (verb[0] == '\0') return cli_backup_save(&o);
    if (strcmp(verb, "key") == 0) return make_key(o.file);
    o.command = strcmp(verb, "list") == 0 ? "assay backup list" : "assay backup verify";
    return with_file(&o, strcmp(verb, "list") == 0 ? list_backup : verify_backup);
}

int cli_command_restore(int argc, char **argv)
{
    struct cli_backup_options o = { .command = "assay restore" };
    const struct cli_option_target targets[] = {
        { "into", .text = &o.into },
        { "config", .text = &o.config },
        { "identity-dir", .text = &o.identity_dir },
        { "key", .text = &o.key },
        { "passphrase-file", .text = &o.passphrase },
        { "genesis", .text = &o.genesis },
        { "checkpoint", .text = &o.checkpoint },
        { "json", .flag = &(bool){ false } },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    o.file = argv[1];
    if ((o.into == NULL) == (o.config == NULL)) return cli_misuse("either --into or --config");
    if (o.into != NULL && o.identity_dir != NULL)
        return cli_misuse("--identity-dir is for --config: --into has its own keys");
    return cli_backup_restore(&o);
}
