/*
 * base/crypto/configuration.h - configuration files of the cryptographic library, switched off.
 */
#ifndef ASSAY_BASE_CRYPTO_CONFIGURATION_H
#define ASSAY_BASE_CRYPTO_CONFIGURATION_H

/* From now on no file of the machine configures the library, or names code for it to load: for
 * programs that are measured. Called before every other function of base/crypto.h. */
void assay_crypto_ignore_configuration(void);

#endif
