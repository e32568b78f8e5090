// The house: who may import whom (docs/architecture.md says why).
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/', pathNot: [from, ...allowed] },
});
/** Rooms of a folder, each of which imports from none behind it. */
const inOrder = (folder, rooms) =>
  rooms.slice(0, -1).map((room, at) => ({
    name: `${room}-imports-none-behind-it`,
    severity: 'error',
    from: { path: `^${folder}/${room}/` },
    to: { path: `^${folder}/(${rooms.slice(at + 1).join('|')})/` },
  }));
const soleUser = (module, users) => ({
  name: `sole-user-of-${module}`,
  severity: 'error',
  from: { path: '^src/', pathNot: users },
  to: { path: `(^|/)node_modules/(@types/)?${module}(/|$)|^(node:)?${module}$` },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^src/' }, to: {} },
    {
      name: 'no-test-code-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    only('domain-imports-nothing', '^src/domain/', []),
    only('secrets-import-domain', '^src/secrets/', ['^src/domain/']),
    only('store-imports-domain', '^src/store/', ['^src/domain/']),
    only('runtime-port-imports-domain', '^src/runtime/[^/]+\\.ts$', ['^src/domain/']),
    only('docker-runtime', '^src/runtime/docker/', [
      '^src/runtime/[^/]+\\.ts$',
      '^src/domain/',
      '^src/secrets/',
    ]),
    ...inOrder('src/runtime/docker', [
      'engine',
      'files',
      'sql',
      'dump',
      'archive',
      'script',
      'workbench',
      'source',
      'prepare',
      'load',
      'rehearse',
    ]),
    only('backups', '^src/backups/', [
      '^src/store/',
      '^src/secrets/',
      '^src/runtime/[^/]+\\.ts$',
      '^src/domain/',
    ]),
    only('backups-pieces', '^src/backups/pieces/', [
      '^src/backups/storage-error\\.ts$',
      '^src/secrets/',
      '^src/domain/',
    ]),
    only('backups-disk', '^src/backups/disk/', [
      '^src/backups/pieces/',
      '^src/backups/(backup-key|encryption|manifest|storage-error)\\.ts$',
      '^src/domain/',
    ]),
    only('backups-bucket', '^src/backups/bucket/', [
      '^src/backups/(pieces|disk)/',
      '^src/backups/(backup-key|encryption|manifest|storage-error)\\.ts$',
      '^src/domain/',
    ]),
    only('backups-schedule', '^src/backups/schedule/', [
      '^src/backups/rounds\\.ts$',
      '^src/store/',
      '^src/secrets/',
      '^src/domain/',
    ]),
    only('provisioner', '^src/provisioner/', ['^src/store/', '^src/runtime/[^/]+\\.ts$', '^src/domain/']),
    only('http', '^src/http/', ['^src/store/', '^src/domain/']),
    only('config-and-logger', '^src/(config|settings|logger)\\.ts$', ['^src/domain/']),
    soleUser('better-sqlite3', ['^src/store/']),
    soleUser('dockerode', ['^src/runtime/docker/']),
    soleUser('pg', ['^src/runtime/docker/']),
    soleUser('express', ['^src/http/']),
    soleUser('node-cron', ['^src/backups/']),
    soleUser('@aws-sdk', ['^src/backups/']),
    soleUser('crypto', ['^src/secrets/']),
    soleUser('age-encryption', ['^src/secrets/']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
