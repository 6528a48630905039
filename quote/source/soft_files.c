/*
 * quote/source/soft_files.c - authorities and credentials of SOFT on disk.
 *
 * Secrets stand in canonical CBOR in files of mode 0600, created exclusively and written whole
 * before they get their name; a file that others may read is refused on loading.
 */
#include "quote/source/soft.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "quote/source/soft_x509.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_FILE_MAX = 16384 };

static const char ca_tag[] = "assay/soft-ca/v1";
static const char node_tag[] = "assay/soft-node/v1";

/* --- whole files */
static enum assay_status write_all(int fd, const uint8_t *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        const ssize_t n = write(fd, bytes + done, len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return ASSAY_E_IO;
        done += (size_t)n;
    }
    return fsync(fd) == 0 ? ASSAY_OK : ASSAY_E_IO;
}

/*
 * Written beside its place first, so that no half file ever has the name; link refuses an existing
 * one.
 */
static enum assay_status save(const char *path, mode_t mode, bool replace, const uint8_t *bytes,
                              size_t len)
{
    char beside[PATH_MAX];
    const int used = snprintf(beside, sizeof beside, "%s.XXXXXX", path);
    if (used <= 0 || (size_t)used >= sizeof beside) return ASSAY_E_RANGE;
    const int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0) return ASSAY_E_IO;
    enum assay_status status = write_all(fd, bytes, len);
    if (fchmod(fd, mode) != 0) status = ASSAY_E_IO;
    if (close(fd) != 0) status = ASSAY_E_IO;
    if (status == ASSAY_OK && replace) {
        if (rename(beside, path) == 0) return ASSAY_OK;
        status = ASSAY_E_IO;
    } else if (status == ASSAY_OK && link(beside, path) != 0) {
        status = errno == EEXIST ? ASSAY_E_DUPLICATE : ASSAY_E_IO;
    }
    (void)unlink(beside);
    return status;
}

static enum assay_status read_all(int fd, uint8_t *bytes, size_t capacity, size_t *len)
{
    size_t done = 0;
    while (done < capacity) {
        const ssize_t n = read(fd, bytes + done, capacity - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return ASSAY_E_IO;
        if (n == 0) break;
        done += (size_t)n;
    }
    if (done == capacity) return ASSAY_E_RANGE; /* a secret file is shorter */
    *len = done;
    return ASSAY_OK;
}

static enum assay_status load_secret(const char *path, uint8_t bytes[SECRET_FILE_MAX], size_t *len)
{
    struct stat info;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? ASSAY_E_NOT_FOUND : ASSAY_E_IO;
    enum assay_status status = ASSAY_OK;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) status = ASSAY_E_IO;
    else if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) status = ASSAY_E_INVALID;
    else status = read_all(fd, bytes, SECRET_FILE_MAX, len);
    (void)close(fd);
    return status;
}

static enum assay_status join(char path[PATH_MAX], const char *dir, const char *name)
{
    const int used = snprintf(path, PATH_MAX, "%s/%s", dir, name);
    return used > 0 && used < PATH_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status make_dir(const char *dir, mode_t mode)
{
    if (mkdir(dir, mode) == 0 || errno == EEXIST) return ASSAY_OK;
    return ASSAY_E_IO;
}

/* --- authority */
static void encode_ca(const struct assay_soft_ca *ca, struct assay_writer *w)
{
    assay_cbor_put_array(w, 11);
    assay_cbor_put_text(w, ca_tag);
    assay_cbor_put_text(w, ca->name);
    assay_cbor_put_int(w, ca->not_before_s);
    assay_cbor_put_int(w, ca->not_after_s);
    assay_cbor_put_bytes(w, ca->fmspc, sizeof ca->fmspc);
    assay_cbor_put_bytes(w, ca->root_key.bytes, 32);
    assay_cbor_put_bytes(w, ca->platform_key.bytes, 32);
    assay_cbor_put_bytes(w, ca->signing_key.bytes, 32);
    assay_cbor_put_bytes(w, ca->root_der, ca->root_der_len);
    assay_cbor_put_bytes(w, ca->platform_der, ca->platform_der_len);
    assay_cbor_put_bytes(w, ca->signing_der, ca->signing_der_len);
}

static enum assay_status decode_bytes(struct assay_cursor *c, uint8_t *out, size_t capacity,
                                      uint32_t *len)
{
    struct assay_slice slice;
    ASSAY_TRY(assay_cbor_bytes(c, capacity, &slice));
    if (slice.len > 0) assay_bytes_copy(out, capacity, slice.bytes, slice.len);
    *len = (uint32_t)slice.len;
    return ASSAY_OK;
}

static enum assay_status decode_name(struct assay_cursor *c, char name[ASSAY_SOFT_NAME_MAX])
{
    struct assay_slice text;
    ASSAY_TRY(assay_cbor_text(c, ASSAY_SOFT_NAME_MAX - 1, &text));
    if (text.len == 0) return ASSAY_E_RANGE;
    assay_bytes_copy(name, ASSAY_SOFT_NAME_MAX, text.bytes, text.len);
    return ASSAY_OK;
}

static enum assay_status decode_tag(struct assay_cursor *c, const char *tag)
{
    const enum assay_status status = assay_cbor_text_expect(c, tag);
    return status == ASSAY_E_UNSUPPORTED ? ASSAY_E_VERSION : status;
}

static enum assay_status decode_ca(struct assay_cursor *c, struct assay_soft_ca *ca)
{
    ASSAY_TRY(assay_cbor_array_exact(c, 11));
    ASSAY_TRY(decode_tag(c, ca_tag));
    ASSAY_TRY(decode_name(c, ca->name));
    ASSAY_TRY(assay_cbor_int(c, &ca->not_before_s));
    ASSAY_TRY(assay_cbor_int(c, &ca->not_after_s));
    ASSAY_TRY(assay_cbor_bytes_exact(c, ca->fmspc, sizeof ca->fmspc));
    ASSAY_TRY(assay_cbor_bytes_exact(c, ca->root_key.bytes, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, ca->platform_key.bytes, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, ca->signing_key.bytes, 32));
    ASSAY_TRY(decode_bytes(c, ca->root_der, sizeof ca->root_der, &ca->root_der_len));
    ASSAY_TRY(decode_bytes(c, ca->platform_der, sizeof ca->platform_der, &ca->platform_der_len));
    ASSAY_TRY(decode_bytes(c, ca->signing_der, sizeof ca->signing_der, &ca->signing_der_len));
    ASSAY_TRY(assay_cursor_end(c));
    ASSAY_TRY(assay_p256_public(&ca->root_key, ca->root_public));
    ASSAY_TRY(assay_p256_public(&ca->platform_key, ca->platform_public));
    return assay_p256_public(&ca->signing_key, ca->signing_public);
}

enum assay_status assay_soft_ca_save(const struct assay_soft_ca *ca, const char *dir)
{
    char path[PATH_MAX];
    uint8_t bytes[SECRET_FILE_MAX];
    uint8_t pem[ASSAY_SOFT_CHAIN_MAX];
    size_t pem_len = 0;
    struct assay_slice encoded;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_TRY(make_dir(dir, 0700));
    ASSAY_TRY(join(path, dir, "ca.key"));
    encode_ca(ca, &w);
    enum assay_status status = assay_writer_finish(&w, &encoded);
    if (status == ASSAY_OK) status = save(path, 0600, false, encoded.bytes, encoded.len);
    assay_secret_wipe(bytes, sizeof bytes);
    if (status != ASSAY_OK) return status;
    ASSAY_TRY(assay_soft_pem_put(ca->root_der, ca->root_der_len, pem, sizeof pem, &pem_len));
    ASSAY_TRY(join(path, dir, "root_ca.pem"));
    return save(path, 0644, true, pem, pem_len);
}

enum assay_status assay_soft_ca_load(const char *dir, struct assay_soft_ca *ca)
{
    char path[PATH_MAX];
    uint8_t bytes[SECRET_FILE_MAX];
    size_t len = 0;
    ASSAY_TRY(join(path, dir, "ca.key"));
    ASSAY_TRY(load_secret(path, bytes, &len));
    *ca = (struct assay_soft_ca){ 0 };
    struct assay_cursor c = assay_cursor_over(bytes, len);
    const enum assay_status status = decode_ca(&c, ca);
    assay_secret_wipe(bytes, sizeof bytes);
    if (status != ASSAY_OK) assay_soft_ca_wipe(ca);
    return status;
}

enum assay_status assay_soft_bundle_save(const struct assay_soft_bundle *bundle, const char *dir)
{
    ASSAY_TRY(make_dir(dir, 0755));
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        char path[PATH_MAX];
        const struct assay_slice part = bundle->files.part[i];
        if (part.len == 0) continue;
        ASSAY_TRY(join(path, dir, assay_collateral_part_name((enum assay_collateral_part)i)));
        ASSAY_TRY(save(path, 0644, true, part.bytes, part.len));
    }
    return ASSAY_OK;
}

/* --- credential of a node */
static void encode_node(const struct assay_soft_node *node, struct assay_writer *w)
{
    assay_cbor_put_array(w, 9);
    assay_cbor_put_text(w, node_tag);
    assay_cbor_put_text(w, node->name);
    assay_cbor_put_bytes(w, node->pck_serial, sizeof node->pck_serial);
    assay_cbor_put_bytes(w, node->ppid, sizeof node->ppid);
    assay_cbor_put_bytes(w, node->attestation_key.bytes, 32);
    assay_cbor_put_bytes(w, node->qe_report, sizeof node->qe_report);
    assay_cbor_put_bytes(w, node->qe_signature, sizeof node->qe_signature);
    assay_cbor_put_bytes(w, node->auth_data, sizeof node->auth_data);
    assay_cbor_put_bytes(w, node->chain, node->chain_len);
}

static enum assay_status decode_node(struct assay_cursor *c, struct assay_soft_node *node)
{
    ASSAY_TRY(assay_cbor_array_exact(c, 9));
    ASSAY_TRY(decode_tag(c, node_tag));
    ASSAY_TRY(decode_name(c, node->name));
    ASSAY_TRY(assay_cbor_bytes_exact(c, node->pck_serial, sizeof node->pck_serial));
    ASSAY_TRY(assay_cbor_bytes_exact(c, node->ppid, sizeof node->ppid));
    ASSAY_TRY(assay_cbor_bytes_exact(c, node->attestation_key.bytes, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, node->qe_report, sizeof node->qe_report));
    ASSAY_TRY(assay_cbor_bytes_exact(c, node->qe_signature, sizeof node->qe_signature));
    ASSAY_TRY(assay_cbor_bytes_exact(c, node->auth_data, sizeof node->auth_data));
    ASSAY_TRY(decode_bytes(c, node->chain, sizeof node->chain, &node->chain_len));
    ASSAY_TRY(assay_cursor_end(c));
    ASSAY_TRY(assay_p256_public(&node->attestation_key, node->attestation_public));
    return assay_p256_signer_load(&node->attestation_key, &node->signer);
}

enum assay_status assay_soft_node_save(const struct assay_soft_node *node, const char *path)
{
    uint8_t bytes[SECRET_FILE_MAX];
    struct assay_slice encoded;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    encode_node(node, &w);
    enum assay_status status = assay_writer_finish(&w, &encoded);
    if (status == ASSAY_OK) status = save(path, 0600, false, encoded.bytes, encoded.len);
    assay_secret_wipe(bytes, sizeof bytes);
    return status;
}

enum assay_status assay_soft_node_load(const char *path, struct assay_soft_node *node)
{
    uint8_t bytes[SECRET_FILE_MAX];
    size_t len = 0;
    ASSAY_TRY(load_secret(path, bytes, &len));
    *node = (struct assay_soft_node){ 0 };
    struct assay_cursor c = assay_cursor_over(bytes, len);
    const enum assay_status status = decode_node(&c, node);
    assay_secret_wipe(bytes, sizeof bytes);
    if (status != ASSAY_OK) assay_soft_node_deinit(node);
    return status;
}
