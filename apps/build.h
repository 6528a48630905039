/*
 * apps/build.h - identity of a build: assayd and the programs of its roles are of the same one.
 *
 * The daemon and its role processes exchange messages without negotiation, and verdicts have to be
 * those of the version that the ballots name. Each program of a role therefore refuses to run for a
 * daemon of another build.
 */
#ifndef ASSAY_APPS_BUILD_H
#define ASSAY_APPS_BUILD_H

/* Version, and the start of a digest of sources and options (cmake/build_digest.cmake). */
extern const char assay_build[];

/* Of a role's program: ends the process unless its only argument is assay_build. */
void assay_build_require(int argc, char *const *argv);

#endif
