// Protobuf messages of the other groups and of metadata (k8s.io/api generated.proto). Written by tools/src/protobuf-messages.ts.

/** Fields by message, with commas: see `message-type.ts`. */
export const GROUP_MESSAGES: Readonly<Record<string, string>> = {
  "apps/v1.ControllerRevision": "metadata 1 meta/v1.ObjectMeta,data 2 json,revision 3 int",
  "apps/v1.DaemonSet": "metadata 1 meta/v1.ObjectMeta,spec 2 apps/v1.DaemonSetSpec,status 3 apps/v1.DaemonSetStatus",
  "apps/v1.DaemonSetCondition":
    "type 1 string,status 2 string,lastTransitionTime 3 time,reason 4 ?string,message 5 ?string",
  "apps/v1.DaemonSetSpec":
    "selector 1 0meta/v1.LabelSelector,template 2 core/v1.PodTemplateSpec,updateStrategy 3 apps/v1.DaemonSetUpdateStrategy,minReadySeconds 4 ?int,revisionHistoryLimit 6 *int",
  "apps/v1.DaemonSetStatus":
    "currentNumberScheduled 1 int,numberMisscheduled 2 int,desiredNumberScheduled 3 int,numberReady 4 int,observedGeneration 5 ?int,updatedNumberScheduled 6 ?int,numberAvailable 7 ?int,numberUnavailable 8 ?int,collisionCount 9 *int,conditions 10 ?[]apps/v1.DaemonSetCondition",
  "apps/v1.DaemonSetUpdateStrategy": "type 1 ?string,rollingUpdate 2 *apps/v1.RollingUpdateDaemonSet",
  "apps/v1.Deployment": "metadata 1 meta/v1.ObjectMeta,spec 2 apps/v1.DeploymentSpec,status 3 apps/v1.DeploymentStatus",
  "apps/v1.DeploymentCondition":
    "type 1 string,status 2 string,lastUpdateTime 6 time,lastTransitionTime 7 time,reason 4 ?string,message 5 ?string",
  "apps/v1.DeploymentSpec":
    "replicas 1 *int,selector 2 0meta/v1.LabelSelector,template 3 core/v1.PodTemplateSpec,strategy 4 apps/v1.DeploymentStrategy,minReadySeconds 5 ?int,revisionHistoryLimit 6 *int,paused 7 ?bool,progressDeadlineSeconds 9 *int",
  "apps/v1.DeploymentStatus":
    "observedGeneration 1 ?int,replicas 2 ?int,updatedReplicas 3 ?int,readyReplicas 7 ?int,availableReplicas 4 ?int,unavailableReplicas 5 ?int,terminatingReplicas 9 *int,conditions 6 ?[]apps/v1.DeploymentCondition,collisionCount 8 *int",
  "apps/v1.DeploymentStrategy": "type 1 ?string,rollingUpdate 2 *apps/v1.RollingUpdateDeployment",
  "apps/v1.ReplicaSet": "metadata 1 meta/v1.ObjectMeta,spec 2 apps/v1.ReplicaSetSpec,status 3 apps/v1.ReplicaSetStatus",
  "apps/v1.ReplicaSetCondition":
    "type 1 string,status 2 string,lastTransitionTime 3 time,reason 4 ?string,message 5 ?string",
  "apps/v1.ReplicaSetSpec":
    "replicas 1 *int,minReadySeconds 4 ?int,selector 2 0meta/v1.LabelSelector,template 3 core/v1.PodTemplateSpec",
  "apps/v1.ReplicaSetStatus":
    "replicas 1 int,fullyLabeledReplicas 2 ?int,readyReplicas 4 ?int,availableReplicas 5 ?int,terminatingReplicas 7 *int,observedGeneration 3 ?int,conditions 6 ?[]apps/v1.ReplicaSetCondition",
  "apps/v1.RollingUpdateDaemonSet": "maxUnavailable 1 *intorstring,maxSurge 2 *intorstring",
  "apps/v1.RollingUpdateDeployment": "maxUnavailable 1 *intorstring,maxSurge 2 *intorstring",
  "apps/v1.RollingUpdateStatefulSetStrategy": "partition 1 *int,maxUnavailable 2 *intorstring",
  "apps/v1.StatefulSet":
    "metadata 1 meta/v1.ObjectMeta,spec 2 apps/v1.StatefulSetSpec,status 3 apps/v1.StatefulSetStatus",
  "apps/v1.StatefulSetCondition":
    "type 1 string,status 2 string,lastTransitionTime 3 time,reason 4 ?string,message 5 ?string",
  "apps/v1.StatefulSetOrdinals": "start 1 int",
  "apps/v1.StatefulSetPersistentVolumeClaimRetentionPolicy": "whenDeleted 1 ?string,whenScaled 2 ?string",
  "apps/v1.StatefulSetSpec":
    "replicas 1 *int,selector 2 0meta/v1.LabelSelector,template 3 core/v1.PodTemplateSpec,volumeClaimTemplates 4 ?[]core/v1.PersistentVolumeClaim,serviceName 5 string,podManagementPolicy 6 ?string,updateStrategy 7 apps/v1.StatefulSetUpdateStrategy,revisionHistoryLimit 8 *int,minReadySeconds 9 ?int,persistentVolumeClaimRetentionPolicy 10 *apps/v1.StatefulSetPersistentVolumeClaimRetentionPolicy,ordinals 11 *apps/v1.StatefulSetOrdinals",
  "apps/v1.StatefulSetStatus":
    "observedGeneration 1 ?int,replicas 2 int,readyReplicas 3 ?int,currentReplicas 4 ?int,updatedReplicas 5 ?int,currentRevision 6 ?string,updateRevision 7 ?string,collisionCount 9 *int,conditions 10 ?[]apps/v1.StatefulSetCondition,availableReplicas 11 int",
  "apps/v1.StatefulSetUpdateStrategy": "type 1 ?string,rollingUpdate 2 *apps/v1.RollingUpdateStatefulSetStrategy",
  "autoscaling/v1.CrossVersionObjectReference": "kind 1 string,name 2 string,apiVersion 3 ?string",
  "autoscaling/v1.HorizontalPodAutoscaler":
    "metadata 1 meta/v1.ObjectMeta,spec 2 autoscaling/v1.HorizontalPodAutoscalerSpec,status 3 autoscaling/v1.HorizontalPodAutoscalerStatus",
  "autoscaling/v1.HorizontalPodAutoscalerSpec":
    "scaleTargetRef 1 autoscaling/v1.CrossVersionObjectReference,minReplicas 2 *int,maxReplicas 3 int,targetCPUUtilizationPercentage 4 *int",
  "autoscaling/v1.HorizontalPodAutoscalerStatus":
    "observedGeneration 1 *int,lastScaleTime 2 *time,currentReplicas 3 int,desiredReplicas 4 int,currentCPUUtilizationPercentage 5 *int",
  "autoscaling/v1.Scale":
    "metadata 1 meta/v1.ObjectMeta,spec 2 autoscaling/v1.ScaleSpec,status 3 autoscaling/v1.ScaleStatus",
  "autoscaling/v1.ScaleSpec": "replicas 1 ?int",
  "autoscaling/v1.ScaleStatus": "replicas 1 int,selector 2 ?string",
  "autoscaling/v2.ContainerResourceMetricSource":
    "name 1 string,target 2 autoscaling/v2.MetricTarget,container 3 string",
  "autoscaling/v2.ContainerResourceMetricStatus":
    "name 1 string,current 2 autoscaling/v2.MetricValueStatus,container 3 string",
  "autoscaling/v2.CrossVersionObjectReference": "kind 1 string,name 2 string,apiVersion 3 ?string",
  "autoscaling/v2.ExternalMetricSource":
    "metric 1 autoscaling/v2.MetricIdentifier,target 2 autoscaling/v2.MetricTarget",
  "autoscaling/v2.ExternalMetricStatus":
    "metric 1 autoscaling/v2.MetricIdentifier,current 2 autoscaling/v2.MetricValueStatus",
  "autoscaling/v2.HPAScalingPolicy": "type 1 string,value 2 int,periodSeconds 3 int",
  "autoscaling/v2.HPAScalingRules":
    "stabilizationWindowSeconds 3 *int,selectPolicy 1 *string,policies 2 ?[]autoscaling/v2.HPAScalingPolicy,tolerance 4 *quantity",
  "autoscaling/v2.HorizontalPodAutoscaler":
    "metadata 1 meta/v1.ObjectMeta,spec 2 autoscaling/v2.HorizontalPodAutoscalerSpec,status 3 autoscaling/v2.HorizontalPodAutoscalerStatus",
  "autoscaling/v2.HorizontalPodAutoscalerBehavior":
    "scaleUp 1 *autoscaling/v2.HPAScalingRules,scaleDown 2 *autoscaling/v2.HPAScalingRules",
  "autoscaling/v2.HorizontalPodAutoscalerCondition":
    "type 1 string,status 2 string,lastTransitionTime 3 time,reason 4 ?string,message 5 ?string",
  "autoscaling/v2.HorizontalPodAutoscalerSpec":
    "scaleTargetRef 1 autoscaling/v2.CrossVersionObjectReference,minReplicas 2 *int,maxReplicas 3 int,metrics 4 ?[]autoscaling/v2.MetricSpec,behavior 5 *autoscaling/v2.HorizontalPodAutoscalerBehavior",
  "autoscaling/v2.HorizontalPodAutoscalerStatus":
    "observedGeneration 1 *int,lastScaleTime 2 *time,currentReplicas 3 ?int,desiredReplicas 4 int,currentMetrics 5 0[]autoscaling/v2.MetricStatus,conditions 6 ?[]autoscaling/v2.HorizontalPodAutoscalerCondition",
  "autoscaling/v2.MetricIdentifier": "name 1 string,selector 2 *meta/v1.LabelSelector",
  "autoscaling/v2.MetricSpec":
    "type 1 string,object 2 *autoscaling/v2.ObjectMetricSource,pods 3 *autoscaling/v2.PodsMetricSource,resource 4 *autoscaling/v2.ResourceMetricSource,containerResource 7 *autoscaling/v2.ContainerResourceMetricSource,external 5 *autoscaling/v2.ExternalMetricSource",
  "autoscaling/v2.MetricStatus":
    "type 1 string,object 2 *autoscaling/v2.ObjectMetricStatus,pods 3 *autoscaling/v2.PodsMetricStatus,resource 4 *autoscaling/v2.ResourceMetricStatus,containerResource 7 *autoscaling/v2.ContainerResourceMetricStatus,external 5 *autoscaling/v2.ExternalMetricStatus",
  "autoscaling/v2.MetricTarget": "type 1 string,value 2 *quantity,averageValue 3 *quantity,averageUtilization 4 *int",
  "autoscaling/v2.MetricValueStatus": "value 1 *quantity,averageValue 2 *quantity,averageUtilization 3 *int",
  "autoscaling/v2.ObjectMetricSource":
    "describedObject 1 autoscaling/v2.CrossVersionObjectReference,target 2 autoscaling/v2.MetricTarget,metric 3 autoscaling/v2.MetricIdentifier",
  "autoscaling/v2.ObjectMetricStatus":
    "metric 1 autoscaling/v2.MetricIdentifier,current 2 autoscaling/v2.MetricValueStatus,describedObject 3 autoscaling/v2.CrossVersionObjectReference",
  "autoscaling/v2.PodsMetricSource": "metric 1 autoscaling/v2.MetricIdentifier,target 2 autoscaling/v2.MetricTarget",
  "autoscaling/v2.PodsMetricStatus":
    "metric 1 autoscaling/v2.MetricIdentifier,current 2 autoscaling/v2.MetricValueStatus",
  "autoscaling/v2.ResourceMetricSource": "name 1 string,target 2 autoscaling/v2.MetricTarget",
  "autoscaling/v2.ResourceMetricStatus": "name 1 string,current 2 autoscaling/v2.MetricValueStatus",
  "batch/v1.CronJob": "metadata 1 meta/v1.ObjectMeta,spec 2 batch/v1.CronJobSpec,status 3 batch/v1.CronJobStatus",
  "batch/v1.CronJobSpec":
    "schedule 1 string,timeZone 8 *string,startingDeadlineSeconds 2 *int,concurrencyPolicy 3 ?string,suspend 4 *bool,jobTemplate 5 batch/v1.JobTemplateSpec,successfulJobsHistoryLimit 6 *int,failedJobsHistoryLimit 7 *int",
  "batch/v1.CronJobStatus": "active 1 ?[]core/v1.ObjectReference,lastScheduleTime 4 *time,lastSuccessfulTime 5 *time",
  "batch/v1.Job": "metadata 1 meta/v1.ObjectMeta,spec 2 batch/v1.JobSpec,status 3 batch/v1.JobStatus",
  "batch/v1.JobCondition":
    "type 1 string,status 2 string,lastProbeTime 3 time,lastTransitionTime 4 time,reason 5 ?string,message 6 ?string",
  "batch/v1.JobSpec":
    "parallelism 1 *int,completions 2 *int,activeDeadlineSeconds 3 *int,podFailurePolicy 11 *batch/v1.PodFailurePolicy,successPolicy 16 *batch/v1.SuccessPolicy,backoffLimit 7 *int,backoffLimitPerIndex 12 *int,maxFailedIndexes 13 *int,selector 4 *meta/v1.LabelSelector,manualSelector 5 *bool,template 6 core/v1.PodTemplateSpec,ttlSecondsAfterFinished 8 *int,completionMode 9 *string,suspend 10 *bool,podReplacementPolicy 14 *string,managedBy 15 *string",
  "batch/v1.JobStatus":
    "conditions 1 ?[]batch/v1.JobCondition,startTime 2 *time,completionTime 3 *time,active 4 ?int,succeeded 5 ?int,failed 6 ?int,terminating 11 *int,completedIndexes 7 ?string,failedIndexes 10 *string,uncountedTerminatedPods 8 *batch/v1.UncountedTerminatedPods,ready 9 *int",
  "batch/v1.JobTemplateSpec": "metadata 1 meta/v1.ObjectMeta,spec 2 batch/v1.JobSpec",
  "batch/v1.PodFailurePolicy": "rules 1 0[]batch/v1.PodFailurePolicyRule",
  "batch/v1.PodFailurePolicyOnExitCodesRequirement": "containerName 1 *string,operator 2 string,values 3 0[]int",
  "batch/v1.PodFailurePolicyOnPodConditionsPattern": "type 1 string,status 2 string",
  "batch/v1.PodFailurePolicyRule":
    "action 1 string,onExitCodes 2 *batch/v1.PodFailurePolicyOnExitCodesRequirement,onPodConditions 3 ?[]batch/v1.PodFailurePolicyOnPodConditionsPattern",
  "batch/v1.SuccessPolicy": "rules 1 0[]batch/v1.SuccessPolicyRule",
  "batch/v1.SuccessPolicyRule": "succeededIndexes 1 *string,succeededCount 2 *int",
  "batch/v1.UncountedTerminatedPods": "succeeded 1 ?[]string,failed 2 ?[]string",
  "coordination/v1.Lease": "metadata 1 meta/v1.ObjectMeta,spec 2 coordination/v1.LeaseSpec",
  "coordination/v1.LeaseSpec":
    "holderIdentity 1 *string,leaseDurationSeconds 2 *int,acquireTime 3 *microtime,renewTime 4 *microtime,leaseTransitions 5 *int,strategy 6 *string,preferredHolder 7 *string",
  "discovery/v1.Endpoint":
    "addresses 1 0[]string,conditions 2 discovery/v1.EndpointConditions,hostname 3 *string,targetRef 4 *core/v1.ObjectReference,deprecatedTopology 5 ?{}string,nodeName 6 *string,zone 7 *string,hints 8 *discovery/v1.EndpointHints",
  "discovery/v1.EndpointConditions": "ready 1 *bool,serving 2 *bool,terminating 3 *bool",
  "discovery/v1.EndpointHints": "forZones 1 ?[]discovery/v1.ForZone,forNodes 2 ?[]discovery/v1.ForNode",
  "discovery/v1.EndpointPort": "name 1 *string,protocol 2 *string,port 3 *int,appProtocol 4 *string",
  "discovery/v1.EndpointSlice":
    "metadata 1 meta/v1.ObjectMeta,addressType 4 string,endpoints 2 0[]discovery/v1.Endpoint,ports 3 0[]discovery/v1.EndpointPort",
  "discovery/v1.ForNode": "name 1 string",
  "discovery/v1.ForZone": "name 1 string",
  "events/v1.Event":
    "metadata 1 meta/v1.ObjectMeta,eventTime 2 microtime,series 3 *events/v1.EventSeries,reportingController 4 ?string,reportingInstance 5 ?string,action 6 ?string,reason 7 ?string,regarding 8 core/v1.ObjectReference,related 9 *core/v1.ObjectReference,note 10 ?string,type 11 ?string,deprecatedSource 12 core/v1.EventSource,deprecatedFirstTimestamp 13 time,deprecatedLastTimestamp 14 time,deprecatedCount 15 ?int",
  "events/v1.EventSeries": "count 1 int,lastObservedTime 2 microtime",
  "meta/v1.Condition":
    "type 1 string,status 2 string,observedGeneration 3 ?int,lastTransitionTime 4 time,reason 5 string,message 6 string",
  "meta/v1.DeleteOptions":
    "gracePeriodSeconds 1 *int,preconditions 2 *meta/v1.Preconditions,orphanDependents 3 *bool,propagationPolicy 4 *string,dryRun 5 ?[]string,ignoreStoreReadErrorWithClusterBreakingPotential 6 *bool",
  "meta/v1.FieldSelectorRequirement": "key 1 string,operator 2 string,values 3 ?[]string",
  "meta/v1.LabelSelector": "matchLabels 1 ?{}string,matchExpressions 2 ?[]meta/v1.LabelSelectorRequirement",
  "meta/v1.LabelSelectorRequirement": "key 1 string,operator 2 string,values 3 ?[]string",
  "meta/v1.ListMeta":
    "selfLink 1 ?string,resourceVersion 2 ?string,continue 3 ?string,remainingItemCount 4 *int,shardInfo 5 *meta/v1.ShardInfo",
  "meta/v1.ManagedFieldsEntry":
    "manager 1 ?string,operation 2 ?string,apiVersion 3 ?string,time 4 *time,fieldsType 6 ?string,fieldsV1 7 *json,subresource 8 ?string",
  "meta/v1.ObjectMeta":
    "name 1 ?string,generateName 2 ?string,namespace 3 ?string,selfLink 4 ?string,uid 5 ?string,resourceVersion 6 ?string,generation 7 ?int,creationTimestamp 8 ?time,deletionTimestamp 9 *time,deletionGracePeriodSeconds 10 *int,labels 11 ?{}string,annotations 12 ?{}string,ownerReferences 13 ?[]meta/v1.OwnerReference,finalizers 14 ?[]string,managedFields 17 ?[]meta/v1.ManagedFieldsEntry",
  "meta/v1.OwnerReference":
    "apiVersion 5 string,kind 1 string,name 3 string,uid 4 string,controller 6 *bool,blockOwnerDeletion 7 *bool",
  "meta/v1.Preconditions": "uid 1 *string,resourceVersion 2 *string",
  "meta/v1.ShardInfo": "selector 1 string",
  "meta/v1.Status":
    "metadata 1 meta/v1.ListMeta,status 2 ?string,message 3 ?string,reason 4 ?string,details 5 *meta/v1.StatusDetails,code 6 ?int",
  "meta/v1.StatusCause": "reason 1 ?string,message 2 ?string,field 3 ?string",
  "meta/v1.StatusDetails":
    "name 1 ?string,group 2 ?string,kind 3 ?string,uid 6 ?string,causes 4 ?[]meta/v1.StatusCause,retryAfterSeconds 5 ?int",
  "networking/v1.HTTPIngressPath": "path 1 ?string,pathType 3 0string,backend 2 networking/v1.IngressBackend",
  "networking/v1.HTTPIngressRuleValue": "paths 1 0[]networking/v1.HTTPIngressPath",
  "networking/v1.IPAddress": "metadata 1 meta/v1.ObjectMeta,spec 2 networking/v1.IPAddressSpec",
  "networking/v1.IPAddressSpec": "parentRef 1 *networking/v1.ParentReference",
  "networking/v1.IPBlock": "cidr 1 string,except 2 ?[]string",
  "networking/v1.Ingress":
    "metadata 1 meta/v1.ObjectMeta,spec 2 networking/v1.IngressSpec,status 3 networking/v1.IngressStatus",
  "networking/v1.IngressBackend":
    "service 4 *networking/v1.IngressServiceBackend,resource 3 *core/v1.TypedLocalObjectReference",
  "networking/v1.IngressClass": "metadata 1 meta/v1.ObjectMeta,spec 2 networking/v1.IngressClassSpec",
  "networking/v1.IngressClassParametersReference":
    "apiGroup 1 *string,kind 2 string,name 3 string,scope 4 0string,namespace 5 *string",
  "networking/v1.IngressClassSpec": "controller 1 ?string,parameters 2 *networking/v1.IngressClassParametersReference",
  "networking/v1.IngressLoadBalancerIngress":
    "ip 1 ?string,hostname 2 ?string,ports 4 ?[]networking/v1.IngressPortStatus",
  "networking/v1.IngressLoadBalancerStatus": "ingress 1 ?[]networking/v1.IngressLoadBalancerIngress",
  "networking/v1.IngressPortStatus": "port 1 int,protocol 2 string,error 3 *string",
  "networking/v1.IngressRule": "host 1 ?string,@ 2 networking/v1.IngressRuleValue",
  "networking/v1.IngressRuleValue": "http 1 *networking/v1.HTTPIngressRuleValue",
  "networking/v1.IngressServiceBackend": "name 1 string,port 2 networking/v1.ServiceBackendPort",
  "networking/v1.IngressSpec":
    "ingressClassName 4 *string,defaultBackend 1 *networking/v1.IngressBackend,tls 2 ?[]networking/v1.IngressTLS,rules 3 ?[]networking/v1.IngressRule",
  "networking/v1.IngressStatus": "loadBalancer 1 networking/v1.IngressLoadBalancerStatus",
  "networking/v1.IngressTLS": "hosts 1 ?[]string,secretName 2 ?string",
  "networking/v1.NetworkPolicy": "metadata 1 meta/v1.ObjectMeta,spec 2 networking/v1.NetworkPolicySpec",
  "networking/v1.NetworkPolicyEgressRule":
    "ports 1 ?[]networking/v1.NetworkPolicyPort,to 2 ?[]networking/v1.NetworkPolicyPeer",
  "networking/v1.NetworkPolicyIngressRule":
    "ports 1 ?[]networking/v1.NetworkPolicyPort,from 2 ?[]networking/v1.NetworkPolicyPeer",
  "networking/v1.NetworkPolicyPeer":
    "podSelector 1 *meta/v1.LabelSelector,namespaceSelector 2 *meta/v1.LabelSelector,ipBlock 3 *networking/v1.IPBlock",
  "networking/v1.NetworkPolicyPort": "protocol 1 *string,port 2 *intorstring,endPort 3 *int",
  "networking/v1.NetworkPolicySpec":
    "podSelector 1 meta/v1.LabelSelector,ingress 2 ?[]networking/v1.NetworkPolicyIngressRule,egress 3 ?[]networking/v1.NetworkPolicyEgressRule,policyTypes 4 ?[]string",
  "networking/v1.ParentReference": "group 1 ?string,resource 2 ?string,namespace 3 ?string,name 4 ?string",
  "networking/v1.ServiceBackendPort": "name 1 ?string,number 2 ?int",
  "networking/v1.ServiceCIDR":
    "metadata 1 meta/v1.ObjectMeta,spec 2 networking/v1.ServiceCIDRSpec,status 3 networking/v1.ServiceCIDRStatus",
  "networking/v1.ServiceCIDRSpec": "cidrs 1 ?[]string",
  "networking/v1.ServiceCIDRStatus": "conditions 1 ?[]meta/v1.Condition",
  "node/v1.Overhead": "podFixed 1 ?{}quantity",
  "node/v1.RuntimeClass":
    "metadata 1 meta/v1.ObjectMeta,handler 2 string,overhead 3 *node/v1.Overhead,scheduling 4 *node/v1.Scheduling",
  "node/v1.Scheduling": "nodeSelector 1 ?{}string,tolerations 2 ?[]core/v1.Toleration",
  "resource/v1.AllocatedDeviceStatus":
    "driver 1 string,pool 2 string,device 3 string,shareID 7 *string,conditions 4 0[]meta/v1.Condition,data 5 *json,networkData 6 *resource/v1.NetworkDeviceData",
  "resource/v1.AllocationResult":
    "devices 1 resource/v1.DeviceAllocationResult,nodeSelector 3 *core/v1.NodeSelector,allocationTimestamp 5 *time",
  "resource/v1.CELDeviceSelector": "expression 1 string",
  "resource/v1.CapacityRequestPolicy":
    "default 1 0quantity,validValues 3 ?[]quantity,validRange 4 *resource/v1.CapacityRequestPolicyRange",
  "resource/v1.CapacityRequestPolicyRange": "min 1 *quantity,max 2 *quantity,step 3 *quantity",
  "resource/v1.CapacityRequirements": "requests 1 ?{}quantity",
  "resource/v1.Counter": "value 1 quantity",
  "resource/v1.CounterSet": "name 1 string,counters 2 ?{}resource/v1.Counter",
  "resource/v1.Device":
    "name 1 string,attributes 2 ?{}resource/v1.DeviceAttribute,capacity 3 ?{}resource/v1.DeviceCapacity,consumesCounters 4 ?[]resource/v1.DeviceCounterConsumption,nodeName 5 *string,nodeSelector 6 *core/v1.NodeSelector,allNodes 7 *bool,taints 8 ?[]resource/v1.DeviceTaint,bindsToNode 9 *bool,bindingConditions 10 ?[]string,bindingFailureConditions 11 ?[]string,allowMultipleAllocations 12 *bool,nodeAllocatableResourceMappings 13 ?{}resource/v1.NodeAllocatableResourceMapping",
  "resource/v1.DeviceAllocationConfiguration":
    "source 1 string,requests 2 ?[]string,@ 3 resource/v1.DeviceConfiguration",
  "resource/v1.DeviceAllocationResult":
    "results 1 ?[]resource/v1.DeviceRequestAllocationResult,config 2 ?[]resource/v1.DeviceAllocationConfiguration",
  "resource/v1.DeviceAttribute":
    "int 2 *int,bool 3 *bool,string 4 *string,version 5 *string,ints 6 ?[]int,bools 7 ?[]bool,strings 8 ?[]string,versions 9 ?[]string",
  "resource/v1.DeviceCapacity": "value 1 quantity,requestPolicy 2 *resource/v1.CapacityRequestPolicy",
  "resource/v1.DeviceClaim":
    "requests 1 0[]resource/v1.DeviceRequest,constraints 2 ?[]resource/v1.DeviceConstraint,config 3 ?[]resource/v1.DeviceClaimConfiguration",
  "resource/v1.DeviceClaimConfiguration": "requests 1 ?[]string,@ 2 resource/v1.DeviceConfiguration",
  "resource/v1.DeviceClass": "metadata 1 meta/v1.ObjectMeta,spec 2 resource/v1.DeviceClassSpec",
  "resource/v1.DeviceClassConfiguration": "@ 1 resource/v1.DeviceConfiguration",
  "resource/v1.DeviceClassSpec":
    "selectors 1 ?[]resource/v1.DeviceSelector,config 2 ?[]resource/v1.DeviceClassConfiguration,extendedResourceName 4 *string",
  "resource/v1.DeviceConfiguration": "opaque 1 *resource/v1.OpaqueDeviceConfiguration",
  "resource/v1.DeviceConstraint": "requests 1 ?[]string,matchAttribute 2 *string,distinctAttribute 3 *string",
  "resource/v1.DeviceCounterConsumption": "counterSet 1 string,counters 2 ?{}resource/v1.Counter",
  "resource/v1.DeviceRequest":
    "name 1 string,exactly 2 *resource/v1.ExactDeviceRequest,firstAvailable 3 ?[]resource/v1.DeviceSubRequest",
  "resource/v1.DeviceRequestAllocationResult":
    "request 1 string,driver 2 string,pool 3 string,device 4 string,adminAccess 5 *bool,tolerations 6 ?[]resource/v1.DeviceToleration,bindingConditions 7 ?[]string,bindingFailureConditions 8 ?[]string,shareID 9 *string,consumedCapacity 10 ?{}quantity",
  "resource/v1.DeviceSelector": "cel 1 *resource/v1.CELDeviceSelector",
  "resource/v1.DeviceSubRequest":
    "name 1 string,deviceClassName 2 string,selectors 3 ?[]resource/v1.DeviceSelector,allocationMode 4 ?string,count 5 ?int,tolerations 6 ?[]resource/v1.DeviceToleration,capacity 7 *resource/v1.CapacityRequirements",
  "resource/v1.DeviceTaint": "key 1 string,value 2 ?string,effect 3 string,timeAdded 4 *time",
  "resource/v1.DeviceToleration":
    "key 1 ?string,operator 2 ?string,value 3 ?string,effect 4 ?string,tolerationSeconds 5 *int",
  "resource/v1.ExactDeviceRequest":
    "deviceClassName 1 string,selectors 2 ?[]resource/v1.DeviceSelector,allocationMode 3 ?string,count 4 ?int,adminAccess 5 *bool,tolerations 6 ?[]resource/v1.DeviceToleration,capacity 7 *resource/v1.CapacityRequirements",
  "resource/v1.NetworkDeviceData": "interfaceName 1 ?string,ips 2 ?[]string,hardwareAddress 3 ?string",
  "resource/v1.NodeAllocatableResourceMapping": "capacityKey 1 *string,allocationMultiplier 2 *quantity",
  "resource/v1.OpaqueDeviceConfiguration": "driver 1 string,parameters 2 json",
  "resource/v1.ResourceClaim":
    "metadata 1 meta/v1.ObjectMeta,spec 2 resource/v1.ResourceClaimSpec,status 3 resource/v1.ResourceClaimStatus",
  "resource/v1.ResourceClaimConsumerReference": "apiGroup 1 ?string,resource 3 string,name 4 string,uid 5 string",
  "resource/v1.ResourceClaimSpec": "devices 1 resource/v1.DeviceClaim",
  "resource/v1.ResourceClaimStatus":
    "allocation 1 *resource/v1.AllocationResult,reservedFor 2 ?[]resource/v1.ResourceClaimConsumerReference,devices 4 ?[]resource/v1.AllocatedDeviceStatus",
  "resource/v1.ResourceClaimTemplate": "metadata 1 meta/v1.ObjectMeta,spec 2 resource/v1.ResourceClaimTemplateSpec",
  "resource/v1.ResourceClaimTemplateSpec": "metadata 1 meta/v1.ObjectMeta,spec 2 resource/v1.ResourceClaimSpec",
  "resource/v1.ResourcePool": "name 1 string,generation 2 int,resourceSliceCount 3 int",
  "resource/v1.ResourceSlice": "metadata 1 meta/v1.ObjectMeta,spec 2 resource/v1.ResourceSliceSpec",
  "resource/v1.ResourceSliceSpec":
    "driver 1 string,pool 2 resource/v1.ResourcePool,nodeName 3 *string,nodeSelector 4 *core/v1.NodeSelector,allNodes 5 *bool,devices 6 ?[]resource/v1.Device,perDeviceNodeSelection 7 *bool,sharedCounters 8 ?[]resource/v1.CounterSet",
  "scheduling/v1.PriorityClass":
    "metadata 1 meta/v1.ObjectMeta,value 2 int,globalDefault 3 ?bool,description 4 ?string,preemptionPolicy 5 *string",
  "storage/v1.CSIDriver": "metadata 1 meta/v1.ObjectMeta,spec 2 storage/v1.CSIDriverSpec",
  "storage/v1.CSIDriverSpec":
    "attachRequired 1 *bool,podInfoOnMount 2 *bool,volumeLifecycleModes 3 ?[]string,storageCapacity 4 *bool,fsGroupPolicy 5 *string,tokenRequests 6 ?[]storage/v1.TokenRequest,requiresRepublish 7 *bool,seLinuxMount 8 *bool,nodeAllocatableUpdatePeriodSeconds 9 *int,serviceAccountTokenInSecrets 10 *bool,preventPodSchedulingIfMissing 11 *bool",
  "storage/v1.CSINode": "metadata 1 meta/v1.ObjectMeta,spec 2 storage/v1.CSINodeSpec",
  "storage/v1.CSINodeDriver":
    "name 1 string,nodeID 2 string,topologyKeys 3 0[]string,allocatable 4 *storage/v1.VolumeNodeResources",
  "storage/v1.CSINodeSpec": "drivers 1 0[]storage/v1.CSINodeDriver",
  "storage/v1.CSIStorageCapacity":
    "metadata 1 meta/v1.ObjectMeta,nodeTopology 2 *meta/v1.LabelSelector,storageClassName 3 string,capacity 4 *quantity,maximumVolumeSize 5 *quantity",
  "storage/v1.StorageClass":
    "metadata 1 meta/v1.ObjectMeta,provisioner 2 string,parameters 3 ?{}string,reclaimPolicy 4 *string,mountOptions 5 ?[]string,allowVolumeExpansion 6 *bool,volumeBindingMode 7 *string,allowedTopologies 8 ?[]core/v1.TopologySelectorTerm",
  "storage/v1.TokenRequest": "audience 1 string,expirationSeconds 2 *int",
  "storage/v1.VolumeAttachment":
    "metadata 1 meta/v1.ObjectMeta,spec 2 storage/v1.VolumeAttachmentSpec,status 3 storage/v1.VolumeAttachmentStatus",
  "storage/v1.VolumeAttachmentSource":
    "persistentVolumeName 1 *string,inlineVolumeSpec 2 *core/v1.PersistentVolumeSpec",
  "storage/v1.VolumeAttachmentSpec": "attacher 1 string,source 2 storage/v1.VolumeAttachmentSource,nodeName 3 string",
  "storage/v1.VolumeAttachmentStatus":
    "attached 1 bool,attachmentMetadata 2 ?{}string,attachError 3 *storage/v1.VolumeError,detachError 4 *storage/v1.VolumeError",
  "storage/v1.VolumeAttributesClass": "metadata 1 meta/v1.ObjectMeta,driverName 2 string,parameters 3 ?{}string",
  "storage/v1.VolumeError": "time 1 time,message 2 ?string,errorCode 3 *int",
  "storage/v1.VolumeNodeResources": "count 1 *int",
};
