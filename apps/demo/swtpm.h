/*
 * apps/demo/swtpm.h - software TPMs as child processes: manufactured, started, stopped.
 *
 * A maker is a folder with a certificate authority of swtpm_localca; each TPM made below it has
 * endorsement certificates under its root. They prove nothing about hardware: development only.
 * Also used by the tests of the sources of evidence.
 */
#ifndef ASSAY_APPS_DEMO_SWTPM_H
#define ASSAY_APPS_DEMO_SWTPM_H

#include <stdbool.h>
#include <sys/types.h>

enum {
    SWTPM_PATH_MAX = 256,
    SWTPM_SOCKET_MAX = 100, /* a UNIX socket path has room for 107 bytes */
};

struct swtpm {
    char dir[SWTPM_PATH_MAX]; /* absolute: a relative state puts the TPM into failure mode */
    char socket[SWTPM_SOCKET_MAX + 8];
    char tcti[SWTPM_PATH_MAX + 16];
    pid_t pid; /* 0: not running */
};

/* Returns: true when swtpm, swtpm_setup and swtpm_localca are installed. */
bool swtpm_installed(void);
/*
 * swtpm_make - manufacture one TPM in dir (made when it is not there) by the maker in maker_dir
 * (absolute), about a second.
 * Out:     *tpm, not running
 * Returns: true; false when a path is too long or swtpm_setup failed (reason in dir/setup.log)
 */
bool swtpm_make(const char *maker_dir, const char *dir, struct swtpm *tpm);
/* Start its process, which ends with ours, and wait for it. Returns: true when it listens. */
bool swtpm_start(struct swtpm *tpm);
/* End its process; its state stays. */
void swtpm_stop(struct swtpm *tpm);
/* The maker's root and issuer in PEM. Returns: true when the paths fit into their room. */
bool swtpm_maker_files(const char *maker_dir, char root[static SWTPM_PATH_MAX],
                       char issuer[static SWTPM_PATH_MAX]);

#endif
