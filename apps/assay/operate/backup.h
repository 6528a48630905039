/*
 * apps/assay/operate/backup.h - parts shared by `assay backup` and `assay restore`.
 */
#ifndef ASSAY_APPS_ASSAY_OPERATE_BACKUP_H
#define ASSAY_APPS_ASSAY_OPERATE_BACKUP_H

#include "apps/assay/operate/backup_file.h"
#include "apps/assay/operate/store.h"
#include "apps/config.h"

enum { ASSAY_BACKUP_ALSO_MAX = 32 };

struct cli_backup_options {
    const char *command; /* "assay backup", before messages */
    const char *file;    /* the one positional argument */
    const char *config, *out, *into;
    const char *recipient, *key, *passphrase; /* files */
    const char *genesis, *checkpoint;         /* trusted copies */
    const char *identity_dir;                 /* instead of node.identity_dir */
    size_t also_count;
    const char *also[ASSAY_BACKUP_ALSO_MAX];
};

/* A backup that was opened: content in memory, in clear. Large: not on the stack. */
struct cli_backup_open {
    uint8_t *bytes;
    size_t len;
    struct assay_backup_sealed sealed;
    struct assay_backup content;
    struct assay_genesis *genesis; /* cli_backup_check */
    bool is_founder;               /* cli_backup_check: a member of the genesis */
    bool has_archive;
    struct assay_archive archive;
    struct assay_archive_report report;
};

/* Key of a passphrase file. Reports errors. Returns: an enum assay_exit. */
int cli_backup_passphrase_key(const struct cli_backup_options *options,
                              const uint8_t salt[static ASSAY_CIPHER_SALT_LEN],
                              struct assay_secret32 *key);
/* The part in clear of a file. Reports errors. Returns: an enum assay_exit. */
int cli_backup_load(const struct cli_backup_options *options, struct cli_backup_open *open);
/* Decrypts and decodes what was loaded. Reports errors. Returns: an enum assay_exit. */
int cli_backup_decrypt(const struct cli_backup_options *options, struct cli_backup_open *open);
/* Verifies the content: signatures of the genesis, keys, the archive from genesis or checkpoint on.
 * Reports errors. Returns: an enum assay_exit, as of `assay store verify`. */
int cli_backup_check(const struct cli_backup_options *options, struct cli_backup_open *open);
/* Wipes what is secret, frees the rest. */
void cli_backup_close(struct cli_backup_open *open);

/* The configuration of --config, with --identity-dir. Reports errors. Returns: an enum assay_exit.
 */
int cli_backup_configuration(const struct cli_backup_options *options, struct assay_config *config);
/* The drop-in folder of --config, as apps/config/layers_read.c names it. Returns: whether the path
 * fits. */
bool cli_backup_drop_ins(const struct cli_backup_options *options, char folder[static PATH_MAX]);

/* Time of a backup, RFC 3339. Returns: a static buffer. */
const char *cli_backup_time(const struct assay_backup_head *head);

int cli_backup_save(const struct cli_backup_options *options);    /* backup_save.c */
int cli_backup_restore(const struct cli_backup_options *options); /* backup_restore.c */

#endif
