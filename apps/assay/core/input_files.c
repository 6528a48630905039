/*
 * apps/assay/core/input_files.c - reader and report of input folders (input_files.h).
 */
#include "apps/assay/core/input_files.h"

#include "base/assert.h"
#include "base/file/kind.h"
#include "net/json/json.h"
#include "quote/accept/roots.h"
#include "quote/collateral/collateral.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- reading */
static void append_buffer(struct assay_input_files *g, uint8_t *buffer)
{
    ASSAY_ASSERT(g->buffer_count < sizeof g->buffers / sizeof g->buffers[0]);
    g->buffers[g->buffer_count++] = buffer;
}

static enum assay_status recognise_file(struct assay_input_files *g, const char *name,
                                        uint8_t *bytes, size_t len)
{
    if (g->found.file_count == ASSAY_RECOGNISED_FILES_MAX) {
        free(bytes);
        return ASSAY_E_FULL;
    }
    append_buffer(g, bytes);
    const size_t room_len = assay_recognise_room(len);
    uint8_t *const room = malloc(room_len);
    if (room == NULL) return ASSAY_E_MEMORY;
    append_buffer(g, room);
    g->names[g->found.file_count] = name;
    return assay_recognise_file(&g->found, &g->scratch, assay_slice_over(bytes, len), room,
                                room_len);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

enum assay_status cli_input_files_read(const char *dir, struct assay_input_files *out,
                                       const char **where)
{
    *where = NULL;
    ASSAY_TRY(cli_folder_open(dir, &out->folder));
    for (size_t i = 0; i < out->folder.count; i++) {
        const char *const name = out->folder.names[i];
        uint8_t *bytes = NULL;
        size_t len = 0;
        if (is_dots(name)) continue;
        *where = name;
        const enum assay_status status =
            cli_folder_read(dir, name, ASSAY_PART_LEN_MAX, &bytes, &len);
        if (status == ASSAY_E_MEMORY) return status;
        /* docs/evidence-rules.md 1.15.5; what is no file, as a folder, holds nothing. */
        if (status != ASSAY_OK && status != ASSAY_E_NOT_FOUND) {
            if (out->found.file_count < ASSAY_RECOGNISED_FILES_MAX)
                out->names[out->found.file_count] = name;
            ASSAY_TRY(assay_recognise_unread(&out->found, status));
            continue;
        }
        if (status != ASSAY_OK || len == 0) {
            free(status == ASSAY_OK ? bytes : NULL);
            out->skipped[out->skipped_count++] =
                (struct assay_input_files_skipped){ name, status == ASSAY_OK ? ASSAY_E_TRUNCATED
                                                                             : status };
            continue;
        }
        ASSAY_TRY(recognise_file(out, name, bytes, len));
    }
    *where = NULL;
    return ASSAY_OK;
}

void cli_input_files_set_used(struct assay_input_files *given,
                              const bool leads[static ASSAY_RECOGNISED_MAX],
                              const bool is_taken[static ASSAY_RECOGNISED_MAX])
{
    for (size_t i = 0; i < given->found.count; i++) {
        given->leads[i] = given->leads[i] || leads[i];
        given->is_taken[i] = given->is_taken[i] || is_taken[i];
    }
}

void cli_input_files_close(struct assay_input_files *given)
{
    for (size_t i = 0; i < given->buffer_count; i++)
        free(given->buffers[i]);
    cli_folder_close(&given->folder);
    given->buffer_count = given->skipped_count = 0;
}

/* --- saying */
/* What was expected of a piece, and what to do. */
static const char *get_advice(const struct assay_recognised *piece, enum assay_status status)
{
    if (piece->shape == ASSAY_SHAPE_OTHER)
        return "no collateral, key, signature or PCR values; take it out of the folder";
    if (piece->shape == ASSAY_SHAPE_CRL)
        return "it may be the one that revokes, so nothing is vouched for; fetch it again";
    if (piece->shape == ASSAY_SHAPE_PUBLIC && status == ASSAY_E_KEY)
        return "a signing key is expected: give the attestation key's";
    return "get it again from where it came";
}

/* Whoever packed the folder named its files, and a terminal shows them. One name at a time. */
static const char *format_printable(const char *name)
{
    static char text[256]; /* NAME_MAX and its end */
    size_t len = 0;
    for (; name[len] != '\0' && len + 1 < sizeof text; len++)
        text[len] = (char)(name[len] >= ' ' && name[len] <= '~' ? name[len] : '?');
    text[len] = '\0';
    return text;
}

/* Of several certificates in one file, " 2 of 3": in the order of their bytes. */
static void print_stray(const struct assay_input_files *g, const char *dir, size_t index)
{
    const struct assay_recognised *const piece = &g->found.pieces[index];
    char place[48] = "";
    size_t number = 0, count = 0;
    for (size_t i = 0; i < g->found.count; i++) {
        const struct assay_recognised *const other = &g->found.pieces[i];
        if (other->file != piece->file || other->shape != ASSAY_SHAPE_CERTIFICATE) continue;
        count += 1;
        number += (uintptr_t)other->bytes.bytes <= (uintptr_t)piece->bytes.bytes;
    }
    if (count > 1) (void)snprintf(place, sizeof place, " %zu of %zu", number, count);
    (void)fprintf(stderr,
                  "assay: note: %s/%s: certificate%s: leads to no trusted root; give --root, add "
                  "its root to the policy, or leave it out\n",
                  dir, format_printable(g->names[piece->file]), place);
}

void cli_input_files_print_strangers(const struct assay_input_files *given, const char *dir,
                                     const bool is_of_stranger[static ASSAY_RECOGNISED_MAX],
                                     const char *root)
{
    ASSAY_ASSERT(given->found.count <= ASSAY_RECOGNISED_MAX);
    for (size_t i = 0; i < given->found.count; i++)
        if (is_of_stranger[i])
            (void)fprintf(stderr,
                          "assay: note: %s/%s: %s: expected a signature by a signer under %s, "
                          "found none of this folder that made it; no evidence under this root is "
                          "appraised by it: add its signing chain, or leave it out\n",
                          dir, format_printable(given->names[given->found.pieces[i].file]),
                          assay_shape_text(given->found.pieces[i].shape), root);
}

struct assay_json *cli_input_files_strangers_json(
    const struct assay_input_files *given, const bool is_of_stranger[static ASSAY_RECOGNISED_MAX])
{
    struct assay_json *const all = assay_json_array();
    ASSAY_ASSERT(given->found.count <= ASSAY_RECOGNISED_MAX);
    for (size_t i = 0; i < given->found.count; i++) {
        if (!is_of_stranger[i]) continue;
        struct assay_json *const one = assay_json_append_object(all);
        assay_json_set_text(one, "file",
                            format_printable(given->names[given->found.pieces[i].file]));
        assay_json_set_text(one, "what", assay_shape_text(given->found.pieces[i].shape));
    }
    return all;
}

/* A manifest that leads to no root that was asked about: to the pinned one, or to another one. */
static void print_manifest(const char *dir, const char *name, struct assay_slice bytes)
{
    static struct assay_rim rim;
    struct assay_rim_pieces pieces;
    struct assay_certificate last;
    struct assay_key root;
    uint32_t kinds = 0;
    const char *by = "?";
    bool is_pinned = false;
    if (assay_rim_next(&bytes, &pieces) == ASSAY_OK) {
        const struct assay_slice der = pieces.certificates[pieces.certificate_count - 1];
        if (assay_x509_certificate(der.bytes, der.len, &last) == ASSAY_OK) by = last.issuer_name;
        is_pinned = assay_pinned_root(ASSAY_PINNED_NVIDIA_RIM, &root, &kinds) == ASSAY_OK &&
                    assay_rim_build(&pieces, &root, &rim) == ASSAY_OK && rim.certificate_count > 0;
    }
    if (is_pinned)
        (void)fprintf(stderr, "assay: note: %s/%s: reference manifest: not used\n", dir, name);
    else
        (void)fprintf(stderr,
                      "assay: note: %s/%s: reference manifest: signed under CN=%s, no trusted RIM "
                      "root; give --root, or leave it out\n",
                      dir, name, by);
}

/* Pieces of evidence, and what only appraisals distinguish, are no collateral. */
static bool is_collateral(enum assay_shape shape)
{
    return shape == ASSAY_SHAPE_CERTIFICATE || shape == ASSAY_SHAPE_CRL ||
           shape == ASSAY_SHAPE_TCB_INFO || shape == ASSAY_SHAPE_QE_IDENTITY ||
           shape == ASSAY_SHAPE_OCSP || shape == ASSAY_SHAPE_RIM;
}

static void print_piece(const struct assay_input_files *g, const char *dir, size_t index,
                        bool has_evidence)
{
    const struct assay_recognised *const piece = &g->found.pieces[index];
    const char *const name = format_printable(g->names[piece->file]);
    const char *const what = assay_shape_text(piece->shape);
    const enum assay_status status = assay_recognised_status(piece, g->leads[index]);
    if (piece->shape == ASSAY_SHAPE_CERTIFICATE && status == ASSAY_E_NOT_FOUND)
        print_stray(g, dir, index);
    else if (piece->shape == ASSAY_SHAPE_RIM && status == ASSAY_E_NOT_FOUND)
        print_manifest(dir, name, piece->bytes);
    else if (status == ASSAY_OK)
        (void)fprintf(stderr, "assay: note: %s/%s: %s: %s\n", dir, name, what,
                      has_evidence                  ? "not of use for this evidence"
                      : is_collateral(piece->shape) ? "not used"
                                                    : "no collateral; evidence verify reads it");
    else
        (void)fprintf(stderr, "assay: note: %s/%s: %s: %s (%s); %s\n", dir, name, what,
                      assay_status_text(status), assay_status_symbol(status),
                      get_advice(piece, status));
}

/* Why a name of the folder is not a file with contents. */
static const char *describe_skipped(const char *dir, const struct assay_input_files_skipped *name)
{
    static char text[ASSAY_FILE_MESSAGE_LEN];
    char path[PATH_MAX];
    struct stat info;
    if (name->status == ASSAY_E_TRUNCATED) return "empty";
    if (snprintf(path, sizeof path, "%s/%s", dir, name->name) >= (int)sizeof path)
        return assay_status_text(name->status);
    if (assay_file_read_fault(path, ASSAY_E_IO, text)) return text;
    const bool is_link = lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
    return is_link ? "a link to nothing" : assay_status_text(name->status);
}

/* `assay soft ca` and `assay setup local` leave a vendor's key in the folder of its collateral,
 * where `assay soft` reads it. */
static bool is_vendor_key(struct assay_slice file)
{
    const struct assay_file_kind kind = assay_file_kind_of(file);
    return strcmp(kind.id, "soft-ca") == 0;
}

void cli_input_files_print(const struct assay_input_files *given, const char *dir,
                           struct assay_slice evidence)
{
    for (size_t i = 0; i < given->skipped_count; i++)
        (void)fprintf(stderr, "assay: note: %s/%s: not read: %s\n", dir,
                      format_printable(given->skipped[i].name),
                      describe_skipped(dir, &given->skipped[i]));
    for (size_t i = 0; i < given->found.count; i++) {
        const struct assay_recognised *const piece = &given->found.pieces[i];
        const bool is_sound = assay_recognised_status(piece, given->leads[i]) == ASSAY_OK;
        if (given->is_taken[i] && is_sound) continue;
        const struct assay_slice file = given->found.files[piece->file];
        if (assay_slice_equal(file, evidence) || is_vendor_key(file)) continue;
        print_piece(given, dir, i, evidence.bytes != NULL);
    }
}
