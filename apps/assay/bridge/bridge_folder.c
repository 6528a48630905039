/*
 * apps/assay/bridge/bridge_folder.c - folder of a bridge.
 */
#include "apps/assay/bridge/bridge_folder.h"

#include "apps/assay/core/file_fault.h"
#include "base/base64.h"
#include "base/file/file.h"
#include "base/pem_certificate.h"
#include "net/json/json.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 16 * 1024, VERSION = 1 };

static const char *const files[] = { "bridge.json", "ca.key", "ca.pem", "token.key", "jwks.json" };
enum file { SETTINGS, CA_KEY, CA, TOKEN_KEY, JWKS, FILES };
_Static_assert(sizeof files / sizeof files[0] == FILES, "a name for each");

static enum assay_status say_why(char *message, const char *path, const char *why,
                                 enum assay_status status)
{
    (void)snprintf(message, CLI_BRIDGE_MESSAGE_LEN, "%.400s: %s", path, why);
    return status;
}

/* Of a file that cannot be read, just now. */
static enum assay_status say_unread(char *message, const char *dir, const char *path)
{
    struct stat info;
    const char *const why = cli_file_fault(path, ASSAY_E_IO);
    if (access(path, R_OK) == 0 || errno != EACCES || stat(dir, &info) != 0)
        return say_why(message, path, why, ASSAY_E_IO);
    (void)snprintf(message, CLI_BRIDGE_MESSAGE_LEN,
                   "%.320s: %s: user %u may not read it: run the command as user %u, whose folder "
                   "it is",
                   path, why, (unsigned)geteuid(), (unsigned)info.st_uid);
    return ASSAY_E_IO;
}

/* Of the folder that a new one is to be in. In: error: an errno */
static enum assay_status say_parent(char *message, const char *dir, int error)
{
    char parent[PATH_MAX] = ".";
    const char *const slash = strrchr(dir, '/');
    if (slash != NULL)
        (void)snprintf(parent, sizeof parent, "%.*s", (int)(slash - dir) + (slash == dir), dir);
    if (error == ENOENT)
        return say_why(message, dir,
                       "the folder that it is to be in does not exist: make that one "
                       "first",
                       ASSAY_E_IO);
    (void)snprintf(message, CLI_BRIDGE_MESSAGE_LEN, "%.240s: no folder can be made in %.240s: %s",
                   dir, parent, strerror(error));
    return ASSAY_E_IO;
}

static bool join_path(char path[static PATH_MAX], const char *dir, enum file file)
{
    const int len = snprintf(path, PATH_MAX, "%s/%s", dir, files[file]);
    return len > 0 && len < PATH_MAX;
}

void cli_bridge_free(struct cli_bridge *bridge)
{
    assay_keypair_free(&bridge->ca);
    assay_keypair_free(&bridge->token);
}

/* ------------------------------------------------------------ a new one */

static enum assay_status write_file(const char *dir, enum file file, enum assay_file_mode mode,
                                    struct assay_slice content, char *message)
{
    char path[PATH_MAX];
    if (!join_path(path, dir, file))
        return say_why(message, dir, "the path is too long", ASSAY_E_RANGE);
    const enum assay_status status = assay_file_create(path, mode, content);
    return status == ASSAY_OK ? ASSAY_OK
                              : say_why(message, path, "the file cannot be written", status);
}

static enum assay_status write_key(const char *dir, enum file file, const struct assay_keypair *key,
                                   char *message)
{
    uint8_t pem[ASSAY_KEYPAIR_PEM_MAX];
    size_t len = 0;
    enum assay_status status = assay_keypair_write(key, pem, sizeof pem, &len);
    if (status == ASSAY_OK)
        status = write_file(dir, file, ASSAY_FILE_SECRET, assay_slice_over(pem, len), message);
    else (void)say_why(message, dir, "a key cannot be encoded", status);
    assay_secret_wipe(pem, sizeof pem);
    return status;
}

static enum assay_status write_settings(const char *dir, const struct cli_bridge *b, char *message)
{
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "version", VERSION);
    assay_json_set_text(object, "name", b->name);
    assay_json_set_hex(object, "chain_id", b->chain_id, sizeof b->chain_id);
    if (b->issuer[0] != '\0') assay_json_set_text(object, "issuer", b->issuer);
    if (b->domain[0] != '\0') assay_json_set_text(object, "trust_domain", b->domain);
    char *const text = assay_json_print(object, 2);
    assay_json_free(&object);
    if (text == NULL) return say_why(message, dir, "no memory", ASSAY_E_MEMORY);
    const enum assay_status status =
        write_file(dir, SETTINGS, ASSAY_FILE_PUBLIC, assay_slice_over(text, strlen(text)), message);
    free(text);
    return status;
}

static enum assay_status write_ca(const char *dir, const struct cli_bridge *b, char *message)
{
    const struct cli_bridge_signer signer = { .key = b->ca, .name = b->name };
    uint8_t der[CLI_BRIDGE_CERTIFICATE_MAX], pem[2 * CLI_BRIDGE_CERTIFICATE_MAX];
    uint8_t serial[CLI_BRIDGE_SERIAL_LEN];
    struct assay_slice out;
    size_t len = 0;
    enum assay_status status = assay_random(serial, sizeof serial);
    if (status == ASSAY_OK)
        status = cli_bridge_ca_certificate(&signer, b->domain[0] != '\0' ? b->domain : NULL,
                                           &b->times, serial, der, sizeof der, &out);
    if (status == ASSAY_OK)
        status = assay_pem_put("CERTIFICATE", out.bytes, out.len, pem, sizeof pem, &len);
    if (status != ASSAY_OK)
        return say_why(message, dir, "the CA certificate cannot be signed", status);
    return write_file(dir, CA, ASSAY_FILE_PUBLIC, assay_slice_over(pem, len), message);
}

static enum assay_status write_keys(const char *dir, const struct cli_bridge *b, char *message)
{
    const struct assay_key *const keys[] = { assay_keypair_public(b->token) };
    uint8_t text[CLI_BRIDGE_CERTIFICATE_MAX];
    struct assay_slice out;
    const enum assay_status status = cli_bridge_jwks(keys, 1, text, sizeof text, &out);
    if (status != ASSAY_OK) return say_why(message, dir, "the key set cannot be encoded", status);
    return write_file(dir, JWKS, ASSAY_FILE_PUBLIC, out, message);
}

static enum assay_status write_all(const char *dir, const struct cli_bridge *b, char *message)
{
    ASSAY_TRY(write_key(dir, CA_KEY, b->ca, message));
    ASSAY_TRY(write_key(dir, TOKEN_KEY, b->token, message));
    ASSAY_TRY(write_ca(dir, b, message));
    ASSAY_TRY(write_keys(dir, b, message));
    return write_settings(dir, b, message);
}

static void remove_all(const char *dir)
{
    char path[PATH_MAX];
    for (enum file i = SETTINGS; i < FILES; i++)
        if (join_path(path, dir, i)) (void)unlink(path);
    (void)rmdir(dir);
}

enum assay_status cli_bridge_folder_create(const char *dir, const struct cli_bridge *bridge,
                                           char message[static CLI_BRIDGE_MESSAGE_LEN])
{
    char made[PATH_MAX];
    struct stat found;
    const int len = snprintf(made, sizeof made, "%s.XXXXXX", dir);
    if (len <= 0 || len >= PATH_MAX)
        return say_why(message, dir, "the path is too long", ASSAY_E_RANGE);
    if (lstat(dir, &found) == 0)
        return say_why(message, dir, "something is there already, and is left alone",
                       ASSAY_E_DUPLICATE);
    if (mkdtemp(made) == NULL) return say_parent(message, dir, errno);
    enum assay_status status = write_all(made, bridge, message);
    if (status == ASSAY_OK && rename(made, dir) != 0)
        status =
            say_why(message, dir, strerror(errno),
                    errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR ? ASSAY_E_DUPLICATE
                                                                              : ASSAY_E_IO);
    if (status != ASSAY_OK) {
        remove_all(made);
        return status;
    }
    if (assay_file_sync_folder(dir) == ASSAY_OK) return ASSAY_OK;
    return say_why(message, dir, "the folder cannot be made durable", ASSAY_E_IO);
}

/* ------------------------------------------------------------ reading */

static bool copy_text(const struct assay_json *object, const char *name, char *out, size_t size)
{
    const char *const text = assay_json_text(object, name, "");
    const int len = snprintf(out, size, "%s", text);
    return len >= 0 && (size_t)len < size;
}

static enum assay_status read_settings(const char *dir, struct cli_bridge *b, char *message)
{
    char path[PATH_MAX];
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct assay_json *object = NULL;
    if (!join_path(path, dir, SETTINGS))
        return say_why(message, dir, "the path is too long", ASSAY_E_RANGE);
    enum assay_status status = assay_file_read(path, FILE_MAX, &bytes, &len);
    if (status == ASSAY_E_NOT_FOUND)
        return say_why(message, dir, "no folder of a bridge: make one with `assay bridge init`",
                       status);
    if (status == ASSAY_OK) status = assay_json_parse((const char *)bytes, len, &object);
    free(bytes);
    if (status == ASSAY_E_IO) return say_unread(message, dir, path);
    if (status != ASSAY_OK)
        return say_why(message, path, "expected the settings of a bridge, found another document",
                       status);
    const char *const chain = assay_json_text(object, "chain_id", "");
    const bool is_read = assay_json_uint(object, "version", 0) == VERSION &&
                         copy_text(object, "name", b->name, sizeof b->name) && b->name[0] != '\0' &&
                         copy_text(object, "issuer", b->issuer, sizeof b->issuer) &&
                         copy_text(object, "trust_domain", b->domain, sizeof b->domain) &&
                         strlen(chain) == 64 &&
                         assay_hex_decode(chain, 64, b->chain_id, 32) == ASSAY_OK;
    assay_json_free(&object);
    return is_read
               ? ASSAY_OK
               : say_why(message, path, "expected the settings of a bridge, found another document",
                         ASSAY_E_SYNTAX);
}

static enum assay_status read_key(const char *dir, enum file file, struct assay_keypair **key,
                                  char *message)
{
    char path[PATH_MAX];
    uint8_t pem[ASSAY_KEYPAIR_PEM_MAX];
    size_t len = 0;
    if (!join_path(path, dir, file))
        return say_why(message, dir, "the path is too long", ASSAY_E_RANGE);
    enum assay_status status = assay_file_read_secret(path, pem, sizeof pem, &len);
    if (status == ASSAY_E_INVALID && assay_file_secret_fault(path, message)) return status;
    if (status == ASSAY_E_IO) return say_unread(message, dir, path);
    if (status == ASSAY_OK) status = assay_keypair_read(assay_slice_over(pem, len), key);
    assay_secret_wipe(pem, sizeof pem);
    return status == ASSAY_OK ? ASSAY_OK
                              : say_why(message, path, "no key of P-256 or RSA in PKCS #8", status);
}

/* Does the certificate have this key, and until when is it valid? */
static enum assay_status read_ca(const char *dir, struct cli_bridge *b, char *message)
{
    char path[PATH_MAX];
    uint8_t *bytes = NULL, der[CLI_BRIDGE_CERTIFICATE_MAX], digest[ASSAY_SHA256_LEN];
    size_t len = 0, der_len = 0;
    struct assay_pem_certificate found = { .subject = "" };
    if (!join_path(path, dir, CA))
        return say_why(message, dir, "the path is too long", ASSAY_E_RANGE);
    enum assay_status status = assay_file_read(path, FILE_MAX, &bytes, &len);
    if (status == ASSAY_E_IO) return say_unread(message, dir, path);
    if (status == ASSAY_OK)
        status = assay_pem_certificate_read(assay_slice_over(bytes, len), &found);
    free(bytes);
    if (status != ASSAY_OK) return say_why(message, path, "no certificate in PEM", status);
    ASSAY_TRY(assay_key_spki(assay_keypair_public(b->ca), der, sizeof der, &der_len));
    assay_sha256(der, der_len, digest);
    b->times = (struct cli_bridge_times){ found.begins_unix_s, found.ends_unix_s };
    return assay_bytes_equal(digest, found.key_sha256, sizeof digest)
               ? ASSAY_OK
               : say_why(message, path, "it is of another key than ca.key", ASSAY_E_KEY);
}

enum assay_status cli_bridge_folder_load(const char *dir, struct cli_bridge *bridge,
                                         char message[static CLI_BRIDGE_MESSAGE_LEN])
{
    *bridge = (struct cli_bridge){ .ca = NULL };
    ASSAY_TRY(read_settings(dir, bridge, message));
    const enum assay_status status = assay_file_check_folder(dir);
    if (status != ASSAY_OK) {
        if (!assay_file_folder_fault(dir, message))
            (void)say_why(message, dir, "it is no folder that this user alone may change", status);
        return status;
    }
    ASSAY_TRY(read_key(dir, CA_KEY, &bridge->ca, message));
    ASSAY_TRY(read_key(dir, TOKEN_KEY, &bridge->token, message));
    return read_ca(dir, bridge, message);
}
