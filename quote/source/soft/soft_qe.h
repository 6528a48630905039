/*
 * quote/source/soft/soft_qe.h - identity of SOFT's quoting enclave, for its report and its identity
 * document.
 *
 * Private to the SOFT maker.
 */
#ifndef ASSAY_QUOTE_SOURCE_SOFT_SOFT_QE_H
#define ASSAY_QUOTE_SOURCE_SOFT_SOFT_QE_H

#include <stdint.h>

enum {
    ASSAY_SOFT_QE_PRODID = 1,
    ASSAY_SOFT_QE_ATTRIBUTES = 0x15, /* INIT, MODE64BIT, PROVISION_KEY: as Intel's */
};

/* MRSIGNER: SHA-256 of a text, as there is no signer. */
void assay_soft_qe_signer(uint8_t mrsigner[static 32]);

#endif
