/*
 * apps/assay/operate/backup_open.c - a backup file read, decrypted and verified (backup.h).
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/json_mode.h"
#include "apps/assay/core/options.h"
#include "apps/assay/operate/backup.h"
#include "base/rfc3339.h"
#include "engine/ledger/state/state.h"
#include "net/keys/keyring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int report_error(const struct cli_backup_options *o, const char *what, const char *reason,
                        int result)
{
    (void)fprintf(stderr, "%s: %s: %s\n", o->command, what, reason);
    return result;
}

static int report_malformed(const struct cli_backup_options *o, enum assay_status status)
{
    return report_error(o, o->file, cli_file_fault_of(o->file, status, "a backup of a node"),
                        ASSAY_EXIT_MALFORMED);
}

const char *cli_backup_time(const struct assay_backup_head *head)
{
    static char text[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format((int64_t)head->at_s, text);
    return text;
}

/* ------------------------------------------------------------ configuration */

int cli_backup_configuration(const struct cli_backup_options *o, struct assay_config *config)
{
    char message[ASSAY_CONFIG_MESSAGE_MAX] = "", folder[PATH_MAX], setting[PATH_MAX + 32];
    const char *const sets[] = { setting };
    const struct assay_config_sources sources = { .path = o->config,
                                                  .environment = assay_config_environment(),
                                                  .sets = sets,
                                                  .set_count = o->identity_dir != NULL };
    if (o->identity_dir != NULL && realpath(o->identity_dir, folder) == NULL)
        return report_error(o, o->identity_dir, strerror(errno), ASSAY_EXIT_NOT_FOUND);
    if (o->identity_dir != NULL)
        (void)snprintf(setting, sizeof setting, "node.identity_dir=%s", folder);
    if (assay_config_load_layers(&sources, config, message) == ASSAY_OK) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "%s: %s\n", o->command, message);
    if (o->identity_dir == NULL && strstr(message, "$CREDENTIALS_DIRECTORY") != NULL)
        (void)fprintf(stderr, "%s: --identity-dir DIR names the keys for life outside the unit\n",
                      o->command);
    return ASSAY_EXIT_USAGE;
}

bool cli_backup_drop_ins(const struct cli_backup_options *o, char folder[static PATH_MAX])
{
    static const char yaml[] = ".yaml";
    const size_t len = strlen(o->config), tail = sizeof yaml - 1;
    const bool is_named = len > tail && strcmp(o->config + len - tail, yaml) == 0;
    return snprintf(folder, PATH_MAX, "%.*s.d", (int)(is_named ? len - tail : len), o->config) <
           PATH_MAX;
}

/* ------------------------------------------------------------ keys */

/* Without the end of its line. */
static size_t line_len(const uint8_t *bytes, size_t len)
{
    if (len > 0 && bytes[len - 1] == '\n') len--;
    if (len > 0 && bytes[len - 1] == '\r') len--;
    return len;
}

int cli_backup_passphrase_key(const struct cli_backup_options *o,
                              const uint8_t salt[static ASSAY_CIPHER_SALT_LEN],
                              struct assay_secret32 *key)
{
    struct {
        uint8_t bytes[ASSAY_CIPHER_PASSPHRASE_MAX + 3];
    } text;
    char fault[ASSAY_FILE_MESSAGE_LEN];
    size_t len = 0;
    enum assay_status status =
        assay_file_read_secret(o->passphrase, text.bytes, sizeof text.bytes, &len);
    if (status == ASSAY_E_INVALID && assay_file_secret_fault(o->passphrase, fault))
        return report_error(o, "--passphrase-file", fault, ASSAY_EXIT_USAGE);
    if (status != ASSAY_OK && status != ASSAY_E_RANGE)
        return report_error(o, o->passphrase, cli_file_fault(o->passphrase, status),
                            status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND
                                                        : ASSAY_EXIT_INTERNAL);
    if (status == ASSAY_OK)
        status = assay_cipher_key_of_passphrase(
            assay_slice_over(text.bytes, line_len(text.bytes, len)), salt, key);
    assay_secret_wipe(&text, sizeof text);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status != ASSAY_E_RANGE)
        return report_error(o, o->passphrase, assay_status_text(status), ASSAY_EXIT_INTERNAL);
    (void)snprintf(fault, sizeof fault, "expected a passphrase of %d to %d bytes in one line",
                   ASSAY_CIPHER_PASSPHRASE_MIN, ASSAY_CIPHER_PASSPHRASE_MAX);
    return report_error(o, o->passphrase, fault, ASSAY_EXIT_USAGE);
}

static int recipient_key(const struct cli_backup_options *o, const struct assay_backup_head *head,
                         struct assay_secret32 *key)
{
    struct assay_secret32 private_key;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    enum assay_status status = assay_keyring_load_backup_key(o->key, &private_key, public_key);
    if (status != ASSAY_OK)
        return report_error(o, o->key,
                            cli_file_fault_of(o->key, status, "a key that opens backups"),
                            status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_USAGE);
    const bool is_other = !assay_bytes_equal(public_key, head->recipient, sizeof public_key);
    if (!is_other) status = assay_cipher_key_of_recipient(&private_key, head->material, key);
    assay_secret_wipe(&private_key, sizeof private_key);
    if (is_other)
        return report_error(o, o->key, "the backup is sealed for another key",
                            ASSAY_EXIT_CONTRAINDICATED);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : report_malformed(o, status);
}

/* ------------------------------------------------------------ the file */

int cli_backup_load(const struct cli_backup_options *o, struct cli_backup_open *open)
{
    enum assay_status status =
        assay_file_read(o->file, ASSAY_BACKUP_LEN_MAX, &open->bytes, &open->len);
    if (status == ASSAY_OK)
        status = assay_backup_split(assay_slice_over(open->bytes, open->len), &open->sealed);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status == ASSAY_E_NOT_FOUND)
        return report_error(o, o->file, cli_file_fault(o->file, status), ASSAY_EXIT_NOT_FOUND);
    if (assay_status_class(status) == ASSAY_CLASS_INPUT) return report_malformed(o, status);
    return report_error(o, o->file, cli_file_fault(o->file, status), ASSAY_EXIT_INTERNAL);
}

int cli_backup_decrypt(const struct cli_backup_options *o, struct cli_backup_open *open)
{
    const struct assay_backup_sealed *const sealed = &open->sealed;
    const bool is_sent = sealed->head.way == ASSAY_BACKUP_RECIPIENT;
    struct assay_secret32 key;
    if (is_sent ? o->key == NULL : o->passphrase == NULL)
        return cli_misuse("%s is sealed %s: expected %s", o->file,
                          is_sent ? "for a key" : "with a passphrase",
                          is_sent ? "--key FILE" : "--passphrase-file FILE");
    const int result = is_sent ? recipient_key(o, &sealed->head, &key)
                               : cli_backup_passphrase_key(o, sealed->head.material, &key);
    if (result != ASSAY_EXIT_OK) return result;
    uint8_t *const content = open->bytes + (sealed->content.bytes - open->bytes);
    enum assay_status status =
        assay_cipher_open(&key, sealed->before, content, sealed->content.len, sealed->tag);
    assay_secret_wipe(&key, sizeof key);
    if (status == ASSAY_E_SIGNATURE)
        return report_error(o, o->file,
                            is_sent ? "changed or damaged: it does not authenticate"
                                    : "another passphrase, or changed or damaged: it does not "
                                      "authenticate",
                            ASSAY_EXIT_CONTRAINDICATED);
    if (status == ASSAY_OK) status = assay_backup_decode(sealed->content, &open->content);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "%s: %s: its content is none that this version writes: %s (%s)\n",
                  o->command, o->file, assay_status_text(status), assay_status_symbol(status));
    return assay_status_class(status) == ASSAY_CLASS_INPUT ? ASSAY_EXIT_MALFORMED
                                                           : ASSAY_EXIT_INTERNAL;
}

/* ------------------------------------------------------------ content */

static struct assay_slice bytes_of(const struct cli_backup_open *open, enum assay_backup_kind kind)
{
    const struct assay_backup_piece *const piece = assay_backup_find(&open->content, kind);
    return piece != NULL ? piece->bytes : (struct assay_slice){ NULL, 0 };
}

/* Public halves of the keys of the node. Returns: whether both are keys. */
static bool read_keys(const struct cli_backup_open *open,
                      uint8_t identity[static ASSAY_P256_PUBLIC_LEN],
                      uint8_t bootstrap[static ASSAY_SHA256_LEN])
{
    struct assay_secret32 secret;
    assay_bytes_copy(secret.bytes, sizeof secret.bytes, bytes_of(open, ASSAY_BACKUP_IDENTITY).bytes,
                     sizeof secret.bytes);
    enum assay_status status = assay_p256_public(&secret, identity);
    assay_bytes_copy(secret.bytes, sizeof secret.bytes,
                     bytes_of(open, ASSAY_BACKUP_BOOTSTRAP).bytes, sizeof secret.bytes);
    const bool is_none = assay_bytes_all_zero(secret.bytes, sizeof secret.bytes);
    if (status == ASSAY_OK) status = assay_x25519_public(&secret, bootstrap);
    assay_secret_wipe(&secret, sizeof secret);
    return status == ASSAY_OK && !is_none;
}

/* docs/protocol.md 9.6.8: an identity key that followed another one does not make the node id; the
 * state of the archive lists it. Returns: whether so. */
static bool is_listed(const struct cli_backup_open *open,
                      const uint8_t identity[static ASSAY_P256_PUBLIC_LEN])
{
    struct assay_state state;
    uint64_t epoch = 0;
    uint32_t members = 0;
    if (!open->has_archive || open->archive.state.len == 0 ||
        assay_state_peek(open->archive.state, &epoch, &members) != ASSAY_OK || members == 0)
        return false;
    const size_t len = assay_state_memory_len(members);
    void *const memory = aligned_alloc(64, (len + 63) / 64 * 64);
    if (memory == NULL) return false;
    assay_state_init(&state, memory, members);
    assay_bytes_copy(state.chain_id, 32, open->genesis->chain_id, 32);
    bool listed = false;
    if (assay_state_decode(open->archive.state, &state) == ASSAY_OK) {
        const uint32_t slot = assay_state_slot_of(&state, open->content.node_id);
        listed = slot < state.member_count && assay_bytes_equal(state.members[slot].identity_public,
                                                                identity, ASSAY_P256_PUBLIC_LEN);
    }
    free(memory);
    return listed;
}

/* Returns: whether the identity key makes the node that the backup names, or is listed as its. */
static bool is_identity_of(const struct cli_backup_open *open,
                           const uint8_t identity[static ASSAY_P256_PUBLIC_LEN])
{
    uint8_t node_id[ASSAY_SHA256_LEN];
    assay_sha256(identity, ASSAY_P256_PUBLIC_LEN, node_id);
    return assay_bytes_equal(node_id, open->content.node_id, sizeof node_id) ||
           is_listed(open, identity);
}

/* A member of the genesis has its bootstrap key for life. One that joined later is not in it. */
static int check_member(const struct cli_backup_options *o, struct cli_backup_open *open,
                        const uint8_t bootstrap[static ASSAY_SHA256_LEN])
{
    for (uint32_t i = 0; i < open->genesis->member_count; i++) {
        const struct assay_genesis_member *const member = &open->genesis->members[i];
        if (!assay_bytes_equal(member->node_id, open->content.node_id, sizeof member->node_id))
            continue;
        open->is_founder = true;
        if (!assay_bytes_equal(member->bootstrap_public, bootstrap,
                               sizeof member->bootstrap_public))
            return report_error(o, o->file, "its bootstrap key is not that of its node in genesis",
                                ASSAY_EXIT_CONTRAINDICATED);
    }
    return ASSAY_EXIT_OK;
}

/* A genesis that the operator trusts is the one of the backup, byte for byte. */
static int check_genesis(const struct cli_backup_options *o, struct cli_backup_open *open)
{
    const struct assay_slice genesis = bytes_of(open, ASSAY_BACKUP_GENESIS);
    struct assay_where where = { 0 };
    open->genesis = calloc(1, sizeof *open->genesis);
    if (open->genesis == NULL)
        return report_error(o, o->file, assay_status_text(ASSAY_E_MEMORY), ASSAY_EXIT_INTERNAL);
    if (assay_genesis_decode(genesis.bytes, genesis.len, false, open->genesis, &where) != ASSAY_OK)
        return report_error(o, o->file, "its genesis is not a signed genesis",
                            ASSAY_EXIT_CONTRAINDICATED);
    if (!assay_bytes_equal(open->genesis->chain_id, open->content.chain_id, ASSAY_SHA256_LEN))
        return report_error(o, o->file, "its genesis is of another network",
                            ASSAY_EXIT_CONTRAINDICATED);
    if (o->genesis == NULL) return ASSAY_EXIT_OK;
    uint8_t *bytes = NULL;
    struct assay_genesis *const trusted = calloc(1, sizeof *trusted);
    if (trusted == NULL)
        return report_error(o, o->file, assay_status_text(ASSAY_E_MEMORY), ASSAY_EXIT_INTERNAL);
    int result = cli_store_genesis(o->command, o->genesis, &bytes, trusted);
    if (result == ASSAY_EXIT_OK &&
        !assay_bytes_equal(trusted->chain_id, open->content.chain_id, ASSAY_SHA256_LEN))
        result = report_error(o, o->file, "it is of another network than --genesis",
                              ASSAY_EXIT_CONTRAINDICATED);
    free(bytes);
    free(trusted);
    return result;
}

static int check_archive(const struct cli_backup_options *o, struct cli_backup_open *open)
{
    const struct assay_store_options prove = { .file = o->file,
                                               .genesis = o->file,
                                               .checkpoint = o->checkpoint,
                                               .json = cli_json_mode_is_on() };
    const struct assay_slice archive = bytes_of(open, ASSAY_BACKUP_ARCHIVE);
    if (archive.bytes == NULL) return ASSAY_EXIT_OK;
    open->has_archive = true;
    if (assay_archive_decode(archive, &open->archive) != ASSAY_OK)
        return report_error(o, o->file, "its archive of the ledger is none",
                            ASSAY_EXIT_CONTRAINDICATED);
    return cli_store_prove(o->command, &prove, &open->archive, open->genesis, &open->report);
}

int cli_backup_check(const struct cli_backup_options *o, struct cli_backup_open *open)
{
    static const char others[] = "its identity and bootstrap keys are not those of its node";
    uint8_t identity[ASSAY_P256_PUBLIC_LEN], bootstrap[ASSAY_SHA256_LEN];
    if (!read_keys(open, identity, bootstrap))
        return report_error(o, o->file, others, ASSAY_EXIT_CONTRAINDICATED);
    int result = check_genesis(o, open);
    if (result == ASSAY_EXIT_OK) result = check_member(o, open, bootstrap);
    if (result == ASSAY_EXIT_OK) result = check_archive(o, open);
    if (result != ASSAY_EXIT_OK || is_identity_of(open, identity)) return result;
    return report_error(o, o->file, others, ASSAY_EXIT_CONTRAINDICATED);
}

void cli_backup_close(struct cli_backup_open *open)
{
    if (open->bytes != NULL) assay_secret_wipe(open->bytes, open->len);
    free(open->bytes);
    free(open->genesis);
    free(open);
}
