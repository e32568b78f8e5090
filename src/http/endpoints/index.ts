import type { ApiDeps } from '../api-deps.js';
import type { AnyEndpoint } from '../endpoint.js';
import { changeOrgEndpoint } from './change-org.js';
import { createAppEndpoint } from './create-app.js';
import { createDatabaseEndpoint } from './create-database.js';
import { createOrgEndpoint } from './create-org.js';
import { createTokenEndpoint } from './create-token.js';
import { deleteAppEndpoint } from './delete-app.js';
import { deleteDatabaseEndpoint } from './delete-database.js';
import { ensureDatabaseEndpoint } from './ensure-database.js';
import { ensureEnvEndpoint } from './ensure-env.js';
import { getBackupEndpoint } from './get-backup.js';
import { downloadBackupEndpoint } from './download-backup.js';
import { deleteBackupEndpoint } from './delete-backup.js';
import { exportDatabaseEndpoint } from './export-database.js';
import { importDatabaseEndpoint } from './import-database.js';
import { restoreDatabaseEndpoint } from './restore-database.js';
import { createBackupEndpoint } from './create-backup.js';
import { listBackupsEndpoint } from './list-backups.js';
import { getAppEndpoint } from './get-app.js';
import { getDatabaseEndpoint } from './get-database.js';
import { getEnvEndpoint } from './get-env.js';
import { getOperationEndpoint } from './get-operation.js';
import { getOrgEndpoint } from './get-org.js';
import { getVolumeEndpoint } from './get-volume.js';
import { listAppsEndpoint } from './list-apps.js';
import { listAuditEndpoint } from './list-audit.js';
import { listDatabasesEndpoint } from './list-databases.js';
import { listOperationsEndpoint } from './list-operations.js';
import { listOrgsEndpoint } from './list-orgs.js';
import { listTokensEndpoint } from './list-tokens.js';
import { listVolumesEndpoint } from './list-volumes.js';
import { getMetricsEndpoint } from './get-metrics.js';
import { purgeVolumeEndpoint } from './purge-volume.js';
import { restartDatabaseEndpoint } from './restart-database.js';
import { revealDatabaseEndpoint } from './reveal-database.js';
import { revokeTokenEndpoint } from './revoke-token.js';
import { verifyBackupEndpoint } from './verify-backup.js';

/** Every endpoint that asks for a token, in the order in which the documentation shows them. */
export function endpoints(deps: ApiDeps): AnyEndpoint[] {
  return [
    listOrgsEndpoint(deps),
    createOrgEndpoint(deps),
    getOrgEndpoint(),
    changeOrgEndpoint(deps),
    listAppsEndpoint(deps),
    createAppEndpoint(deps),
    getAppEndpoint(),
    deleteAppEndpoint(deps),
    listTokensEndpoint(deps),
    createTokenEndpoint(deps),
    revokeTokenEndpoint(deps),
    listAuditEndpoint(deps),
    listDatabasesEndpoint(deps),
    createDatabaseEndpoint(deps),
    ensureDatabaseEndpoint(deps),
    getDatabaseEndpoint(deps),
    deleteDatabaseEndpoint(deps),
    revealDatabaseEndpoint(deps),
    restartDatabaseEndpoint(deps),
    listBackupsEndpoint(deps),
    createBackupEndpoint(deps),
    getBackupEndpoint(deps),
    downloadBackupEndpoint(deps),
    verifyBackupEndpoint(deps),
    deleteBackupEndpoint(deps),
    restoreDatabaseEndpoint(deps),
    importDatabaseEndpoint(deps),
    exportDatabaseEndpoint(deps),
    listOperationsEndpoint(deps),
    getOperationEndpoint(deps),
    getEnvEndpoint(deps),
    ensureEnvEndpoint(deps),
    listVolumesEndpoint(deps),
    getVolumeEndpoint(deps),
    purgeVolumeEndpoint(deps),
    getMetricsEndpoint(deps),
  ];
}
