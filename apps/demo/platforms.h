/*
 * apps/demo/platforms.h - the platforms of the demo: source of each peer's quotes, and the vendors
 * that certify them. Each makes, below the working folder, vendor-1 to vendor-4 (root_ca.pem and
 * collateral),
 * policy.yaml, and for each peer its platform with sample.quote, a quote from before the network
 * existed that identifies the member's platform in genesis.
 */
#ifndef ASSAY_APPS_DEMO_PLATFORMS_H
#define ASSAY_APPS_DEMO_PLATFORMS_H

#include "apps/demo/demo.h"

/* All Returns: true; false after saying why on stderr. */
bool demo_soft_platforms_make(struct demo *demo); /* network.c */
bool demo_tpm_platforms_make(struct demo *demo);  /* tpm.c; the TPMs run from here on */
/* Ends the processes of the TPMs. */
void demo_tpm_platforms_stop(struct demo *demo);

/* --- network.c */
/* A path below the working folder. Returns: one of a few static buffers, for use at once. */
__attribute__((format(printf, 2, 3))) const char *demo_below(const struct demo *demo,
                                                             const char *format, ...);
/* Returns: a free loopback port, 0: none */
unsigned demo_free_port(void);
/* Runs the command line with these words, NULL at the end, output to setup.log.
 * Returns: true when it exited with 0; else reports it */
bool demo_run_assay(const struct demo *demo, const char *const words[]);
/* Makes `checkpoint` of the genesis, once: what programs next to the daemons trust. */
bool demo_make_checkpoint(struct demo *demo);
/* The same without a report. Returns: its exit status, -1 when it did not exit. */
int demo_ask_assay(const struct demo *demo, const char *const words[]);

#endif
