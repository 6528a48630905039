/*
 * apps/assay/operate/backup_file.h - format of a backup of a node: a sealed file, and the files in
 * it.
 *
 * Canonical CBOR ["assay/backup/v1", seconds, way, material, recipient, content, tag]:
 *
 *   way         1: a passphrase, material is the salt, recipient empty; 2: a recipient's key,
 *               material is the fresh public key
 *   content     sealed (base/cipher.h); all bytes before it are authenticated with it
 *
 * and inside ["assay/backup-content/v1", version, chain_id, node_id, incarnation, pieces], where
 * pieces are [* [name, bytes]]. Names are those of one table, in its order, each at most as often
 * and as long as the table says: nothing in a file chooses a path. There is no voting key in it:
 * docs/protocol.md 2.7, a key that was replaced is erased, and a node that votes without its log
 * signs twice.
 */
#ifndef ASSAY_APPS_ASSAY_OPERATE_BACKUP_FILE_H
#define ASSAY_APPS_ASSAY_OPERATE_BACKUP_FILE_H

#include "base/cipher.h"
#include "base/file/file.h"
#include "base/writer.h"

enum {
    ASSAY_BACKUP_NAME_MAX = 80,
    ASSAY_BACKUP_PIECES_MAX = 192,
    ASSAY_BACKUP_VERSION_MAX = 32,
    ASSAY_BACKUP_LEN_MAX = ASSAY_CIPHER_LEN_MAX,
};

/* What a backup may contain. Symbol, name, limit of bytes, pieces, mode. A name that ends with "/"
 * is a folder: one safe name is behind it. */
#define ASSAY_BACKUP_LIST(X)                                                                       \
    X(CONFIG, "assayd.yaml", 256 * 1024, 1, ASSAY_FILE_PUBLIC)                                     \
    X(DROP_IN, "assayd.d/", 256 * 1024, 64, ASSAY_FILE_PUBLIC)                                     \
    X(GENESIS, "genesis", 64 * 1024 * 1024, 1, ASSAY_FILE_PUBLIC)                                  \
    X(IDENTITY, "keys/identity.key", 32, 1, ASSAY_FILE_SECRET)                                     \
    X(BOOTSTRAP, "keys/bootstrap.key", 32, 1, ASSAY_FILE_SECRET)                                   \
    X(HOLD, "keys/hold", 4096, 1, ASSAY_FILE_SECRET)                                               \
    X(CARD, "keys/node.yaml", 64 * 1024, 1, ASSAY_FILE_PUBLIC)                                     \
    X(ARCHIVE, "store.archive", 1 << 30, 1, ASSAY_FILE_PUBLIC)                                     \
    X(ORDERS, "state/orders.log", 256 * 1024 * 1024, 1, ASSAY_FILE_SECRET)                         \
    X(TIMELINE, "state/timeline", 16 * 1024 * 1024, 1, ASSAY_FILE_SECRET)                          \
    X(CHECKPOINT, "checkpoint", 64 * 1024, 1, ASSAY_FILE_PUBLIC)                                   \
    X(RECOVER, "recovers/", 64 * 1024 * 1024, 8, ASSAY_FILE_PUBLIC)                                \
    X(CREDENTIAL, "platform.key", 64 * 1024, 1, ASSAY_FILE_SECRET)                                 \
    X(CREDENTIALS, "platform/", 1024 * 1024, 32, ASSAY_FILE_SECRET)                                \
    X(HTTP_CERTIFICATE, "http/certificate.pem", 1024 * 1024, 1, ASSAY_FILE_PUBLIC)                 \
    X(HTTP_KEY, "http/key.pem", 1024 * 1024, 1, ASSAY_FILE_SECRET)                                 \
    X(HTTP_CLIENTS, "http/clients.pem", 1024 * 1024, 1, ASSAY_FILE_PUBLIC)                         \
    X(COLLATERAL_CA, "collateral-ca.pem", 1024 * 1024, 1, ASSAY_FILE_PUBLIC)                       \
    X(ALSO, "also/", 64 * 1024 * 1024, 32, ASSAY_FILE_SECRET)

#define ASSAY_BACKUP_ENUM(symbol, name, len, count, mode) ASSAY_BACKUP_##symbol,
enum assay_backup_kind { ASSAY_BACKUP_LIST(ASSAY_BACKUP_ENUM) ASSAY_BACKUP_KINDS };
#undef ASSAY_BACKUP_ENUM

struct assay_backup_row {
    const char *name;
    size_t len_max;
    uint32_t count_max;
    enum assay_file_mode mode;
};

/* Returns: the row of a kind. */
const struct assay_backup_row *assay_backup_row_of(enum assay_backup_kind kind);
/* Whether a file of a folder of the table may have this name: 1 to 64 of A-Z a-z 0-9 . _ -, the
 * first no dot. Returns: so. */
bool assay_backup_name_is_fit(const char *name);

struct assay_backup_piece {
    enum assay_backup_kind kind;
    char name[ASSAY_BACKUP_NAME_MAX + 1]; /* complete: "assayd.d/10-peers.yaml" */
    struct assay_slice bytes;             /* borrowed */
};

struct assay_backup {
    char version[ASSAY_BACKUP_VERSION_MAX + 1]; /* of the program that wrote it */
    uint8_t chain_id[32], node_id[32];
    uint32_t incarnation; /* of the keys at that time, from 1 */
    uint32_t count;
    struct assay_backup_piece
        pieces[ASSAY_BACKUP_PIECES_MAX]; /* [count], ascending, no two alike */
};

/* Appends. In: name: behind a folder of the table; NULL: the kind has one file. Returns: ASSAY_OK |
 * ASSAY_E_SYNTAX (name) | ASSAY_E_RANGE (too long) | ASSAY_E_FULL (too many) | ASSAY_E_DUPLICATE */
ASSAY_CHECKED enum assay_status assay_backup_add(struct assay_backup *backup,
                                                 enum assay_backup_kind kind, const char *name,
                                                 struct assay_slice bytes);
/* Returns: the first piece of a kind; NULL: none. */
const struct assay_backup_piece *assay_backup_find(const struct assay_backup *backup,
                                                   enum assay_backup_kind kind);
/* Returns: bytes that the content takes at most. */
size_t assay_backup_content_len(const struct assay_backup *backup);
/* The content in clear. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_backup_encode(const struct assay_backup *backup,
                                                    struct assay_writer *w);
/* In: bytes: content in clear. Out: *backup, whose pieces borrow from bytes. Returns: ASSAY_OK |
 * INPUT statuses: bounded whatever the bytes are */
ASSAY_CHECKED enum assay_status assay_backup_decode(struct assay_slice bytes,
                                                    struct assay_backup *backup);

/* --- the file around it */

enum assay_backup_way { ASSAY_BACKUP_PASSPHRASE = 1, ASSAY_BACKUP_RECIPIENT = 2 };

/* The part in clear. */
struct assay_backup_head {
    uint64_t at_s; /* Unix time */
    enum assay_backup_way way;
    uint8_t material[ASSAY_P256_PUBLIC_LEN];  /* the salt: the first ASSAY_CIPHER_SALT_LEN */
    uint8_t recipient[ASSAY_P256_PUBLIC_LEN]; /* way 2 */
};

/* Returns: bytes of a file around content of so many. */
size_t assay_backup_file_len(size_t content_len);
/*
 * assay_backup_seal - write the file.
 * In:      key: of head->material; content: in clear, encrypted here and wiped
 * Returns: ASSAY_OK and the file in w | ASSAY_E_FULL | ASSAY_E_RANGE | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_backup_seal(const struct assay_backup_head *head,
                                                  const struct assay_secret32 *key,
                                                  uint8_t *content, size_t len,
                                                  struct assay_writer *w);
/* A file as its parts. */
struct assay_backup_sealed {
    struct assay_backup_head head;
    struct assay_slice before;  /* all bytes before the content */
    struct assay_slice content; /* sealed */
    uint8_t tag[ASSAY_CIPHER_TAG_LEN];
};

/* Returns: ASSAY_OK | INPUT statuses; *sealed borrows from bytes */
ASSAY_CHECKED enum assay_status assay_backup_split(struct assay_slice bytes,
                                                   struct assay_backup_sealed *sealed);

#endif
