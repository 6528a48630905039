/*
 * quote/source/soft/soft_files.c - storage of SOFT authorities and credentials on disk.
 *
 * Secrets stand in canonical CBOR in files of mode 0600, created exclusively and written whole
 * before they get their name; a file that others may read is refused on loading.
 */
#include "quote/source/soft/soft.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/cbor.h"
#include "base/file/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_FILE_MAX = 16384 };

static const char ca_tag[] = "assay/soft-ca/v1";
static const char node_tag[] = "assay/soft-node/v1";

static enum assay_status join_path(char path[PATH_MAX], const char *dir, const char *name)
{
    ASSAY_ASSERT(dir != NULL && name != NULL);
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
    ASSAY_ASSERT(ca->root_der_len <= sizeof ca->root_der);
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
    ASSAY_ASSERT(out != NULL && capacity > 0);
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
    ASSAY_TRY(join_path(path, dir, "ca.key"));
    encode_ca(ca, &w);
    enum assay_status status = assay_writer_finish(&w, &encoded);
    if (status == ASSAY_OK) status = assay_file_create(path, ASSAY_FILE_SECRET, encoded);
    assay_secret_wipe(bytes, sizeof bytes);
    if (status != ASSAY_OK) return status;
    ASSAY_TRY(
        assay_pem_put("CERTIFICATE", ca->root_der, ca->root_der_len, pem, sizeof pem, &pem_len));
    ASSAY_TRY(join_path(path, dir, "root_ca.pem"));
    return assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(pem, pem_len));
}

enum assay_status assay_soft_ca_load(const char *dir, struct assay_soft_ca *ca)
{
    char path[PATH_MAX];
    uint8_t bytes[SECRET_FILE_MAX];
    size_t len = 0;
    ASSAY_TRY(join_path(path, dir, "ca.key"));
    ASSAY_TRY(assay_file_read_secret(path, bytes, SECRET_FILE_MAX, &len));
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
        ASSAY_TRY(join_path(path, dir, assay_collateral_part_name((enum assay_collateral_part)i)));
        ASSAY_TRY(assay_file_replace(path, ASSAY_FILE_PUBLIC, part));
    }
    return ASSAY_OK;
}

/* --- credential of a node */
static void encode_node(const struct assay_soft_node *node, struct assay_writer *w)
{
    ASSAY_ASSERT(node->chain_len <= sizeof node->chain);
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
    if (status == ASSAY_OK) status = assay_file_create(path, ASSAY_FILE_SECRET, encoded);
    assay_secret_wipe(bytes, sizeof bytes);
    return status;
}

enum assay_status assay_soft_node_load(const char *path, struct assay_soft_node *node)
{
    uint8_t bytes[SECRET_FILE_MAX];
    size_t len = 0;
    ASSAY_TRY(assay_file_read_secret(path, bytes, SECRET_FILE_MAX, &len));
    *node = (struct assay_soft_node){ 0 };
    struct assay_cursor c = assay_cursor_over(bytes, len);
    const enum assay_status status = decode_node(&c, node);
    assay_secret_wipe(bytes, sizeof bytes);
    if (status != ASSAY_OK) assay_soft_node_deinit(node);
    return status;
}
