/*
 * apps/assay/operate/backup_file.c - format of a backup of a node (backup_file.h): table of files,
 * encoding, decoding. No I/O.
 */
#include "apps/assay/operate/backup_file.h"

#include "base/assert.h"
#include "base/cbor.h"

#include <stdio.h>
#include <string.h>

enum {
    FILE_ITEMS = 7,
    CONTENT_ITEMS = 6,
    FRAME_LEN = 512,      /* more than all of a file around its content */
    PIECE_FRAME_LEN = 16, /* heads of an array, a text and bytes */
    NAME_TAIL_MAX = 64,
};

static const char file_type[] = "assay/backup/v1";
static const char content_type[] = "assay/backup-content/v1";

#define ROW(symbol, name, len, count, mode) [ASSAY_BACKUP_##symbol] = { name, len, count, mode },
static const struct assay_backup_row rows[ASSAY_BACKUP_KINDS] = { ASSAY_BACKUP_LIST(ROW) };
#undef ROW

const struct assay_backup_row *assay_backup_row_of(enum assay_backup_kind kind)
{
    ASSAY_ASSERT(kind < ASSAY_BACKUP_KINDS);
    return &rows[kind];
}

/* ------------------------------------------------------------ names */

bool assay_backup_name_is_fit(const char *name)
{
    const size_t len = strnlen(name, NAME_TAIL_MAX + 1);
    if (len == 0 || len > NAME_TAIL_MAX || name[0] == '.') return false;
    for (size_t i = 0; i < len; i++) {
        const char c = name[i];
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-') return false;
    }
    return true;
}

static bool is_folder(const struct assay_backup_row *row)
{
    return row->name[strlen(row->name) - 1] == '/';
}

/* Returns: whether a complete name is one of this row. */
static bool belongs_to(const struct assay_backup_row *row, const char *name)
{
    const size_t len = strlen(row->name);
    if (!is_folder(row)) return strcmp(name, row->name) == 0;
    return strncmp(name, row->name, len) == 0 && assay_backup_name_is_fit(name + len);
}

static enum assay_status kind_of(const char *name, enum assay_backup_kind *kind)
{
    for (enum assay_backup_kind k = 0; k < ASSAY_BACKUP_KINDS; k++)
        if (belongs_to(&rows[k], name)) {
            *kind = k;
            return ASSAY_OK;
        }
    return ASSAY_E_UNSUPPORTED;
}

/* ------------------------------------------------------------ pieces */

/* Strictly ascending by kind and name: of two readers none can see another file under a name. */
static enum assay_status append_piece(struct assay_backup *backup,
                                      const struct assay_backup_piece *piece)
{
    const struct assay_backup_row *const row = &rows[piece->kind];
    const struct assay_backup_piece *const last =
        backup->count > 0 ? &backup->pieces[backup->count - 1] : NULL;
    uint32_t of_kind = 0;
    if (piece->bytes.len > row->len_max) return ASSAY_E_RANGE;
    if (last != NULL && last->kind > piece->kind) return ASSAY_E_ENCODING;
    if (last != NULL && last->kind == piece->kind && strcmp(last->name, piece->name) >= 0)
        return ASSAY_E_DUPLICATE;
    for (uint32_t i = 0; i < backup->count; i++)
        of_kind += backup->pieces[i].kind == piece->kind;
    if (of_kind == row->count_max || backup->count == ASSAY_BACKUP_PIECES_MAX) return ASSAY_E_FULL;
    backup->pieces[backup->count++] = *piece;
    return ASSAY_OK;
}

enum assay_status assay_backup_add(struct assay_backup *backup, enum assay_backup_kind kind,
                                   const char *name, struct assay_slice bytes)
{
    const struct assay_backup_row *const row = assay_backup_row_of(kind);
    struct assay_backup_piece piece = { .kind = kind, .bytes = bytes };
    ASSAY_ASSERT(is_folder(row) == (name != NULL));
    if (name != NULL && !assay_backup_name_is_fit(name)) return ASSAY_E_SYNTAX;
    (void)snprintf(piece.name, sizeof piece.name, "%s%s", row->name, name != NULL ? name : "");
    return append_piece(backup, &piece);
}

const struct assay_backup_piece *assay_backup_find(const struct assay_backup *backup,
                                                   enum assay_backup_kind kind)
{
    for (uint32_t i = 0; i < backup->count; i++)
        if (backup->pieces[i].kind == kind) return &backup->pieces[i];
    return NULL;
}

/* ------------------------------------------------------------ content */

size_t assay_backup_content_len(const struct assay_backup *backup)
{
    size_t len = FRAME_LEN;
    for (uint32_t i = 0; i < backup->count; i++)
        len += PIECE_FRAME_LEN + ASSAY_BACKUP_NAME_MAX + backup->pieces[i].bytes.len;
    return len;
}

enum assay_status assay_backup_encode(const struct assay_backup *backup, struct assay_writer *w)
{
    struct assay_slice all;
    ASSAY_ASSERT(backup->incarnation > 0);
    assay_cbor_put_array(w, CONTENT_ITEMS);
    assay_cbor_put_text(w, content_type);
    assay_cbor_put_text(w, backup->version);
    assay_cbor_put_bytes(w, backup->chain_id, sizeof backup->chain_id);
    assay_cbor_put_bytes(w, backup->node_id, sizeof backup->node_id);
    assay_cbor_put_uint(w, backup->incarnation);
    assay_cbor_put_array(w, backup->count);
    for (uint32_t i = 0; i < backup->count; i++) {
        const struct assay_backup_piece *const piece = &backup->pieces[i];
        assay_cbor_put_array(w, 2);
        assay_cbor_put_text(w, piece->name);
        assay_cbor_put_bytes(w, piece->bytes.bytes, piece->bytes.len);
    }
    return assay_writer_finish(w, &all);
}

/* Control characters of a text would reach a terminal. */
static enum assay_status read_text(struct assay_cursor *c, size_t len_max, char *out)
{
    struct assay_slice text;
    ASSAY_TRY(assay_cbor_text(c, len_max, &text));
    for (size_t i = 0; i < text.len; i++)
        if (text.bytes[i] <= ' ' || text.bytes[i] > '~') return ASSAY_E_SYNTAX;
    assay_bytes_copy_any(out, len_max, text.bytes, text.len);
    out[text.len] = '\0';
    return ASSAY_OK;
}

static enum assay_status read_piece(struct assay_cursor *c, struct assay_backup *backup)
{
    struct assay_backup_piece piece = { .kind = ASSAY_BACKUP_CONFIG };
    ASSAY_TRY(assay_cbor_array_exact(c, 2));
    ASSAY_TRY(read_text(c, ASSAY_BACKUP_NAME_MAX, piece.name));
    ASSAY_TRY(kind_of(piece.name, &piece.kind));
    ASSAY_TRY(assay_cbor_bytes(c, rows[piece.kind].len_max, &piece.bytes));
    return append_piece(backup, &piece);
}

/* Returns: whether it has what no node can do without. */
static bool is_complete(const struct assay_backup *backup)
{
    const struct assay_backup_piece *const identity =
        assay_backup_find(backup, ASSAY_BACKUP_IDENTITY);
    const struct assay_backup_piece *const bootstrap =
        assay_backup_find(backup, ASSAY_BACKUP_BOOTSTRAP);
    return identity != NULL && bootstrap != NULL &&
           identity->bytes.len == sizeof(struct assay_secret32) &&
           bootstrap->bytes.len == sizeof(struct assay_secret32) &&
           assay_backup_find(backup, ASSAY_BACKUP_CONFIG) != NULL &&
           assay_backup_find(backup, ASSAY_BACKUP_GENESIS) != NULL;
}

enum assay_status assay_backup_decode(struct assay_slice bytes, struct assay_backup *backup)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    uint64_t incarnation = 0, count = 0;
    assay_bytes_zero(backup, sizeof *backup);
    ASSAY_TRY(assay_cbor_array_exact(&c, CONTENT_ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(&c, content_type));
    ASSAY_TRY(read_text(&c, ASSAY_BACKUP_VERSION_MAX, backup->version));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, backup->chain_id, sizeof backup->chain_id));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, backup->node_id, sizeof backup->node_id));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &incarnation));
    if (incarnation == 0) return ASSAY_E_RANGE;
    backup->incarnation = (uint32_t)incarnation;
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_BACKUP_PIECES_MAX, &count));
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(read_piece(&c, backup));
    ASSAY_TRY(assay_cursor_end(&c));
    return is_complete(backup) ? ASSAY_OK : ASSAY_E_INVALID;
}

/* ------------------------------------------------------------ file */

size_t assay_backup_file_len(size_t content_len)
{
    return FRAME_LEN + content_len;
}

static void put_head(struct assay_writer *w, const struct assay_backup_head *head, size_t len)
{
    const bool is_sent = head->way == ASSAY_BACKUP_RECIPIENT;
    assay_cbor_put_array(w, FILE_ITEMS);
    assay_cbor_put_text(w, file_type);
    assay_cbor_put_uint(w, head->at_s);
    assay_cbor_put_uint(w, head->way);
    assay_cbor_put_bytes(w, head->material,
                         is_sent ? sizeof head->material : (size_t)ASSAY_CIPHER_SALT_LEN);
    assay_cbor_put_bytes(w, head->recipient, is_sent ? sizeof head->recipient : 0);
    assay_cbor_put_bytes_head(w, len);
}

enum assay_status assay_backup_seal(const struct assay_backup_head *head,
                                    const struct assay_secret32 *key, uint8_t *content, size_t len,
                                    struct assay_writer *w)
{
    uint8_t tag[ASSAY_CIPHER_TAG_LEN];
    struct assay_slice all;
    put_head(w, head, len);
    const enum assay_status status =
        w->full ? ASSAY_E_FULL
                : assay_cipher_seal(key, assay_slice_over(w->bytes, w->len), content, len, tag);
    if (status == ASSAY_OK) {
        assay_writer_put(w, content, len);
        assay_cbor_put_bytes(w, tag, sizeof tag);
    }
    assay_secret_wipe(content, len);
    ASSAY_TRY(status);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_backup_split(struct assay_slice bytes, struct assay_backup_sealed *sealed)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_backup_head *const head = &sealed->head;
    uint64_t way = 0;
    assay_bytes_zero(sealed, sizeof *sealed);
    ASSAY_TRY(assay_cbor_array_exact(&c, FILE_ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(&c, file_type));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &head->at_s));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_BACKUP_RECIPIENT, &way));
    if (way != ASSAY_BACKUP_PASSPHRASE && way != ASSAY_BACKUP_RECIPIENT) return ASSAY_E_UNSUPPORTED;
    head->way = (enum assay_backup_way)way;
    const bool is_sent = head->way == ASSAY_BACKUP_RECIPIENT;
    ASSAY_TRY(assay_cbor_bytes_exact(
        &c, head->material, is_sent ? sizeof head->material : (size_t)ASSAY_CIPHER_SALT_LEN));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, head->recipient, is_sent ? sizeof head->recipient : 0));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_BACKUP_LEN_MAX, &sealed->content));
    sealed->before = assay_slice_over(bytes.bytes, (size_t)(sealed->content.bytes - bytes.bytes));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, sealed->tag, sizeof sealed->tag));
    return assay_cursor_end(&c);
}
