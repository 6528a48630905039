/*
 * tests/unit/quote_source/pccs.h - a PCCS of the tests' own: a SOFT vendor stands for Intel, with
 * the same documents under the same paths.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_SOURCE_PCCS_H
#define ASSAY_TESTS_UNIT_QUOTE_SOURCE_PCCS_H

#include "quote/source/fetch/pcs.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/quote/world.h"
#include "tests/unit/quote_source/server.h"

#define PCCS_TCB      "/sgx/certification/v4/tcb?fmspc=%s&update=standard"
#define PCCS_IDENTITY "/sgx/certification/v4/qe/identity?update=standard"
#define PCCS_PCK_CRL  "/sgx/certification/v4/pckcrl?ca=platform&encoding=der"
#define PCCS_ROOT_CRL "/sgx/certification/v4/rootcacrl"

struct pccs {
    struct world *world; /* change its terms, world_publish, pccs_publish */
    struct server *server;
    struct folder folder;
    struct assay_key root;
    struct assay_fetch_config config; /* the cache is the folder */
    struct assay_pcs_request request;
    char base_url[64];
    char tcb_target[128];
};

/* Serves the four documents of a new world. On the heap. */
struct pccs *pccs_start(void);
void pccs_stop(struct pccs *pccs);
/* Serves what the world has published last, instead of what was served before. */
void pccs_publish(struct pccs *pccs);
/* One document of the world now, with its chain under a header's name (NULL: without). */
struct server_reply pccs_document(struct pccs *pccs, enum assay_collateral_part part,
                                  const char *name, enum assay_collateral_part chain);
/* The header line of a chain, escaped as Intel does. */
char *pccs_chain_header(struct pccs *pccs, const char *name, enum assay_collateral_part chain);

#endif
