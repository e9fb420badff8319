// Discovery: what this server serves, for clients that ask before they act (kubectl, controllers, the aggregator).
export { AGGREGATED_DISCOVERY_TYPE, aggregatedDiscovery } from "./aggregated.ts";
export { groupVersions } from "./group-versions.ts";
export { etagOf, negotiateDiscovery, upperHex } from "./negotiation.ts";
export { apiGroup, apiGroupList, apiResourceList, apiVersions } from "./plain.ts";
