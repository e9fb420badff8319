// Protobuf messages of the core group (k8s.io/api generated.proto). Written by tools/src/protobuf-messages.ts.

/** Fields by message, with commas: see `message-type.ts`. */
export const CORE_MESSAGES: Readonly<Record<string, string>> = {
  "core/v1.AWSElasticBlockStoreVolumeSource": "volumeID 1 string,fsType 2 ?string,partition 3 ?int,readOnly 4 ?bool",
  "core/v1.Affinity":
    "nodeAffinity 1 *core/v1.NodeAffinity,podAffinity 2 *core/v1.PodAffinity,podAntiAffinity 3 *core/v1.PodAntiAffinity",
  "core/v1.AppArmorProfile": "type 1 string,localhostProfile 2 *string",
  "core/v1.AttachedVolume": "name 1 string,devicePath 2 string",
  "core/v1.AzureDiskVolumeSource":
    "diskName 1 string,diskURI 2 string,cachingMode 3 *string,fsType 4 *string,readOnly 5 *bool,kind 6 *string",
  "core/v1.AzureFilePersistentVolumeSource":
    "secretName 1 string,shareName 2 string,readOnly 3 ?bool,secretNamespace 4 0string",
  "core/v1.AzureFileVolumeSource": "secretName 1 string,shareName 2 string,readOnly 3 ?bool",
  "core/v1.Binding": "metadata 1 meta/v1.ObjectMeta,target 2 core/v1.ObjectReference",
  "core/v1.CSIPersistentVolumeSource":
    "driver 1 string,volumeHandle 2 string,readOnly 3 ?bool,fsType 4 ?string,volumeAttributes 5 ?{}string,controllerPublishSecretRef 6 *core/v1.SecretReference,nodeStageSecretRef 7 *core/v1.SecretReference,nodePublishSecretRef 8 *core/v1.SecretReference,controllerExpandSecretRef 9 *core/v1.SecretReference,nodeExpandSecretRef 10 *core/v1.SecretReference",
  "core/v1.CSIVolumeSource":
    "driver 1 string,readOnly 2 *bool,fsType 3 *string,volumeAttributes 4 ?{}string,nodePublishSecretRef 5 *core/v1.LocalObjectReference",
  "core/v1.Capabilities": "add 1 ?[]string,drop 2 ?[]string",
  "core/v1.CephFSPersistentVolumeSource":
    "monitors 1 0[]string,path 2 ?string,user 3 ?string,secretFile 4 ?string,secretRef 5 *core/v1.SecretReference,readOnly 6 ?bool",
  "core/v1.CephFSVolumeSource":
    "monitors 1 0[]string,path 2 ?string,user 3 ?string,secretFile 4 ?string,secretRef 5 *core/v1.LocalObjectReference,readOnly 6 ?bool",
  "core/v1.CinderPersistentVolumeSource":
    "volumeID 1 string,fsType 2 ?string,readOnly 3 ?bool,secretRef 4 *core/v1.SecretReference",
  "core/v1.CinderVolumeSource":
    "volumeID 1 string,fsType 2 ?string,readOnly 3 ?bool,secretRef 4 *core/v1.LocalObjectReference",
  "core/v1.ClientIPConfig": "timeoutSeconds 1 *int",
  "core/v1.ClusterTrustBundleProjection":
    "name 1 *string,signerName 2 *string,labelSelector 3 *meta/v1.LabelSelector,optional 5 *bool,path 4 string",
  "core/v1.ConfigMap": "metadata 1 meta/v1.ObjectMeta,immutable 4 *bool,data 2 ?{}string,binaryData 3 ?{}bytes",
  "core/v1.ConfigMapEnvSource": "@ 1 core/v1.LocalObjectReference,optional 2 *bool",
  "core/v1.ConfigMapKeySelector": "@ 1 core/v1.LocalObjectReference,key 2 string,optional 3 *bool",
  "core/v1.ConfigMapNodeConfigSource":
    "namespace 1 string,name 2 string,uid 3 ?string,resourceVersion 4 ?string,kubeletConfigKey 5 string",
  "core/v1.ConfigMapProjection": "@ 1 core/v1.LocalObjectReference,items 2 ?[]core/v1.KeyToPath,optional 4 *bool",
  "core/v1.ConfigMapVolumeSource":
    "@ 1 core/v1.LocalObjectReference,items 2 ?[]core/v1.KeyToPath,defaultMode 3 *int,optional 4 *bool",
  "core/v1.Container":
    "name 1 string,image 2 ?string,command 3 ?[]string,args 4 ?[]string,workingDir 5 ?string,ports 6 ?[]core/v1.ContainerPort,envFrom 19 ?[]core/v1.EnvFromSource,env 7 ?[]core/v1.EnvVar,resources 8 core/v1.ResourceRequirements,resizePolicy 23 ?[]core/v1.ContainerResizePolicy,restartPolicy 24 *string,restartPolicyRules 25 ?[]core/v1.ContainerRestartRule,volumeMounts 9 ?[]core/v1.VolumeMount,volumeDevices 21 ?[]core/v1.VolumeDevice,livenessProbe 10 *core/v1.Probe,readinessProbe 11 *core/v1.Probe,startupProbe 22 *core/v1.Probe,lifecycle 12 *core/v1.Lifecycle,terminationMessagePath 13 ?string,terminationMessagePolicy 20 ?string,imagePullPolicy 14 ?string,securityContext 15 *core/v1.SecurityContext,stdin 16 ?bool,stdinOnce 17 ?bool,tty 18 ?bool",
  "core/v1.ContainerExtendedResourceRequest": "containerName 1 string,resourceName 2 string,requestName 3 string",
  "core/v1.ContainerImage": "names 1 0[]string,sizeBytes 2 ?int",
  "core/v1.ContainerPort": "name 1 ?string,hostPort 2 ?int,containerPort 3 int,protocol 4 ?string,hostIP 5 ?string",
  "core/v1.ContainerResizePolicy": "resourceName 1 string,restartPolicy 2 string",
  "core/v1.ContainerRestartRule": "action 1 ?string,exitCodes 2 *core/v1.ContainerRestartRuleOnExitCodes",
  "core/v1.ContainerRestartRuleOnExitCodes": "operator 1 ?string,values 2 ?[]int",
  "core/v1.ContainerState":
    "waiting 1 *core/v1.ContainerStateWaiting,running 2 *core/v1.ContainerStateRunning,terminated 3 *core/v1.ContainerStateTerminated",
  "core/v1.ContainerStateRunning": "startedAt 1 time",
  "core/v1.ContainerStateTerminated":
    "exitCode 1 int,signal 2 ?int,reason 3 ?string,message 4 ?string,startedAt 5 time,finishedAt 6 time,containerID 7 ?string",
  "core/v1.ContainerStateWaiting": "reason 1 ?string,message 2 ?string",
  "core/v1.ContainerStatus":
    "name 1 string,state 2 core/v1.ContainerState,lastState 3 core/v1.ContainerState,ready 4 bool,restartCount 5 int,image 6 string,imageID 7 string,containerID 8 ?string,started 9 *bool,allocatedResources 10 ?{}quantity,resources 11 *core/v1.ResourceRequirements,volumeMounts 12 ?[]core/v1.VolumeMountStatus,user 13 *core/v1.ContainerUser,allocatedResourcesStatus 14 ?[]core/v1.ResourceStatus,stopSignal 15 *string",
  "core/v1.ContainerUser": "linux 1 *core/v1.LinuxContainerUser",
  "core/v1.DaemonEndpoint": "Port 1 int",
  "core/v1.DownwardAPIProjection": "items 1 ?[]core/v1.DownwardAPIVolumeFile",
  "core/v1.DownwardAPIVolumeFile":
    "path 1 string,fieldRef 2 *core/v1.ObjectFieldSelector,resourceFieldRef 3 *core/v1.ResourceFieldSelector,mode 4 *int",
  "core/v1.DownwardAPIVolumeSource": "items 1 ?[]core/v1.DownwardAPIVolumeFile,defaultMode 2 *int",
  "core/v1.EmptyDirVolumeSource": "medium 1 ?string,sizeLimit 2 *quantity",
  "core/v1.EndpointAddress": "ip 1 string,hostname 3 ?string,nodeName 4 *string,targetRef 2 *core/v1.ObjectReference",
  "core/v1.EndpointPort": "name 1 ?string,port 2 int,protocol 3 ?string,appProtocol 4 *string",
  "core/v1.EndpointSubset":
    "addresses 1 ?[]core/v1.EndpointAddress,notReadyAddresses 2 ?[]core/v1.EndpointAddress,ports 3 ?[]core/v1.EndpointPort",
  "core/v1.Endpoints": "metadata 1 meta/v1.ObjectMeta,subsets 2 ?[]core/v1.EndpointSubset",
  "core/v1.EnvFromSource":
    "prefix 1 ?string,configMapRef 2 *core/v1.ConfigMapEnvSource,secretRef 3 *core/v1.SecretEnvSource",
  "core/v1.EnvVar": "name 1 string,value 2 ?string,valueFrom 3 *core/v1.EnvVarSource",
  "core/v1.EnvVarSource":
    "fieldRef 1 *core/v1.ObjectFieldSelector,resourceFieldRef 2 *core/v1.ResourceFieldSelector,configMapKeyRef 3 *core/v1.ConfigMapKeySelector,secretKeyRef 4 *core/v1.SecretKeySelector,fileKeyRef 5 *core/v1.FileKeySelector",
  "core/v1.EphemeralContainer": "@ 1 core/v1.EphemeralContainerCommon,targetContainerName 2 ?string",
  "core/v1.EphemeralContainerCommon":
    "name 1 string,image 2 ?string,command 3 ?[]string,args 4 ?[]string,workingDir 5 ?string,ports 6 ?[]core/v1.ContainerPort,envFrom 19 ?[]core/v1.EnvFromSource,env 7 ?[]core/v1.EnvVar,resources 8 core/v1.ResourceRequirements,resizePolicy 23 ?[]core/v1.ContainerResizePolicy,restartPolicy 24 *string,restartPolicyRules 25 ?[]core/v1.ContainerRestartRule,volumeMounts 9 ?[]core/v1.VolumeMount,volumeDevices 21 ?[]core/v1.VolumeDevice,livenessProbe 10 *core/v1.Probe,readinessProbe 11 *core/v1.Probe,startupProbe 22 *core/v1.Probe,lifecycle 12 *core/v1.Lifecycle,terminationMessagePath 13 ?string,terminationMessagePolicy 20 ?string,imagePullPolicy 14 ?string,securityContext 15 *core/v1.SecurityContext,stdin 16 ?bool,stdinOnce 17 ?bool,tty 18 ?bool",
  "core/v1.EphemeralVolumeSource": "volumeClaimTemplate 1 *core/v1.PersistentVolumeClaimTemplate",
  "core/v1.Event":
    "metadata 1 meta/v1.ObjectMeta,involvedObject 2 core/v1.ObjectReference,reason 3 ?string,message 4 ?string,source 5 core/v1.EventSource,firstTimestamp 6 time,lastTimestamp 7 time,count 8 ?int,type 9 ?string,eventTime 10 microtime,series 11 *core/v1.EventSeries,action 12 ?string,related 13 *core/v1.ObjectReference,reportingComponent 14 string,reportingInstance 15 string",
  "core/v1.EventSeries": "count 1 ?int,lastObservedTime 2 microtime",
  "core/v1.EventSource": "component 1 ?string,host 2 ?string",
  "core/v1.ExecAction": "command 1 ?[]string",
  "core/v1.FCVolumeSource": "targetWWNs 1 ?[]string,lun 2 *int,fsType 3 ?string,readOnly 4 ?bool,wwids 5 ?[]string",
  "core/v1.FileKeySelector": "volumeName 1 string,path 2 string,key 3 string,optional 4 *bool",
  "core/v1.FlexPersistentVolumeSource":
    "driver 1 string,fsType 2 ?string,secretRef 3 *core/v1.SecretReference,readOnly 4 ?bool,options 5 ?{}string",
  "core/v1.FlexVolumeSource":
    "driver 1 string,fsType 2 ?string,secretRef 3 *core/v1.LocalObjectReference,readOnly 4 ?bool,options 5 ?{}string",
  "core/v1.FlockerVolumeSource": "datasetName 1 ?string,datasetUUID 2 ?string",
  "core/v1.GCEPersistentDiskVolumeSource": "pdName 1 string,fsType 2 ?string,partition 3 ?int,readOnly 4 ?bool",
  "core/v1.GRPCAction": "port 1 int,service 2 0string",
  "core/v1.GitRepoVolumeSource": "repository 1 string,revision 2 ?string,directory 3 ?string",
  "core/v1.GlusterfsPersistentVolumeSource":
    "endpoints 1 string,path 2 string,readOnly 3 ?bool,endpointsNamespace 4 *string",
  "core/v1.GlusterfsVolumeSource": "endpoints 1 string,path 2 string,readOnly 3 ?bool",
  "core/v1.HTTPGetAction":
    "path 1 ?string,port 2 intorstring,host 3 ?string,scheme 4 ?string,httpHeaders 5 ?[]core/v1.HTTPHeader",
  "core/v1.HTTPHeader": "name 1 string,value 2 string",
  "core/v1.HostAlias": "ip 1 string,hostnames 2 ?[]string",
  "core/v1.HostIP": "ip 1 string",
  "core/v1.HostPathVolumeSource": "path 1 string,type 2 *string",
  "core/v1.ISCSIPersistentVolumeSource":
    "targetPortal 1 string,iqn 2 string,lun 3 int,iscsiInterface 4 ?string,fsType 5 ?string,readOnly 6 ?bool,portals 7 ?[]string,chapAuthDiscovery 8 ?bool,chapAuthSession 11 ?bool,secretRef 10 *core/v1.SecretReference,initiatorName 12 *string",
  "core/v1.ISCSIVolumeSource":
    "targetPortal 1 string,iqn 2 string,lun 3 int,iscsiInterface 4 ?string,fsType 5 ?string,readOnly 6 ?bool,portals 7 ?[]string,chapAuthDiscovery 8 ?bool,chapAuthSession 11 ?bool,secretRef 10 *core/v1.LocalObjectReference,initiatorName 12 *string",
  "core/v1.ImageVolumeSource": "reference 1 ?string,pullPolicy 2 ?string",
  "core/v1.ImageVolumeStatus": "imageRef 1 ?string",
  "core/v1.KeyToPath": "key 1 string,path 2 string,mode 3 *int",
  "core/v1.Lifecycle": "postStart 1 *core/v1.LifecycleHandler,preStop 2 *core/v1.LifecycleHandler,stopSignal 3 *string",
  "core/v1.LifecycleHandler":
    "exec 1 *core/v1.ExecAction,httpGet 2 *core/v1.HTTPGetAction,tcpSocket 3 *core/v1.TCPSocketAction,sleep 4 *core/v1.SleepAction",
  "core/v1.LimitRange": "metadata 1 meta/v1.ObjectMeta,spec 2 core/v1.LimitRangeSpec",
  "core/v1.LimitRangeItem":
    "type 1 string,max 2 ?{}quantity,min 3 ?{}quantity,default 4 ?{}quantity,defaultRequest 5 ?{}quantity,maxLimitRequestRatio 6 ?{}quantity",
  "core/v1.LimitRangeSpec": "limits 1 0[]core/v1.LimitRangeItem",
  "core/v1.LinuxContainerUser": "uid 1 int,gid 2 int,supplementalGroups 3 ?[]int",
  "core/v1.LoadBalancerIngress": "ip 1 ?string,hostname 2 ?string,ipMode 3 *string,ports 4 ?[]core/v1.PortStatus",
  "core/v1.LoadBalancerStatus": "ingress 1 ?[]core/v1.LoadBalancerIngress",
  "core/v1.LocalObjectReference": "name 1 ?string",
  "core/v1.LocalVolumeSource": "path 1 string,fsType 2 *string",
  "core/v1.ModifyVolumeStatus": "targetVolumeAttributesClassName 1 ?string,status 2 string",
  "core/v1.NFSVolumeSource": "server 1 string,path 2 string,readOnly 3 ?bool",
  "core/v1.Namespace": "metadata 1 meta/v1.ObjectMeta,spec 2 core/v1.NamespaceSpec,status 3 core/v1.NamespaceStatus",
  "core/v1.NamespaceCondition":
    "type 1 string,status 2 string,lastTransitionTime 4 time,reason 5 ?string,message 6 ?string",
  "core/v1.NamespaceSpec": "finalizers 1 ?[]string",
  "core/v1.NamespaceStatus": "phase 1 ?string,conditions 2 ?[]core/v1.NamespaceCondition",
  "core/v1.Node": "metadata 1 meta/v1.ObjectMeta,spec 2 core/v1.NodeSpec,status 3 core/v1.NodeStatus",
  "core/v1.NodeAddress": "type 1 string,address 2 string",
  "core/v1.NodeAffinity":
    "requiredDuringSchedulingIgnoredDuringExecution 1 *core/v1.NodeSelector,preferredDuringSchedulingIgnoredDuringExecution 2 ?[]core/v1.PreferredSchedulingTerm",
  "core/v1.NodeAllocatableResourceClaimStatus":
    "resourceClaimName 1 string,containers 2 ?[]string,resources 3 0{}quantity",
  "core/v1.NodeCondition":
    "type 1 string,status 2 string,lastHeartbeatTime 3 time,lastTransitionTime 4 time,reason 5 ?string,message 6 ?string",
  "core/v1.NodeConfigSource": "configMap 2 *core/v1.ConfigMapNodeConfigSource",
  "core/v1.NodeConfigStatus":
    "assigned 1 *core/v1.NodeConfigSource,active 2 *core/v1.NodeConfigSource,lastKnownGood 3 *core/v1.NodeConfigSource,error 4 ?string",
  "core/v1.NodeDaemonEndpoints": "kubeletEndpoint 1 core/v1.DaemonEndpoint",
  "core/v1.NodeFeatures": "supplementalGroupsPolicy 1 *bool",
  "core/v1.NodeRuntimeHandler": "name 1 string,features 2 *core/v1.NodeRuntimeHandlerFeatures",
  "core/v1.NodeRuntimeHandlerFeatures": "recursiveReadOnlyMounts 1 *bool,userNamespaces 2 *bool",
  "core/v1.NodeSelector": "nodeSelectorTerms 1 0[]core/v1.NodeSelectorTerm",
  "core/v1.NodeSelectorRequirement": "key 1 string,operator 2 string,values 3 ?[]string",
  "core/v1.NodeSelectorTerm":
    "matchExpressions 1 ?[]core/v1.NodeSelectorRequirement,matchFields 2 ?[]core/v1.NodeSelectorRequirement",
  "core/v1.NodeSpec":
    "podCIDR 1 ?string,podCIDRs 7 ?[]string,providerID 3 ?string,unschedulable 4 ?bool,taints 5 ?[]core/v1.Taint,configSource 6 *core/v1.NodeConfigSource,externalID 2 ?string",
  "core/v1.NodeStatus":
    "capacity 1 ?{}quantity,allocatable 2 ?{}quantity,phase 3 ?string,conditions 4 ?[]core/v1.NodeCondition,addresses 5 ?[]core/v1.NodeAddress,daemonEndpoints 6 core/v1.NodeDaemonEndpoints,nodeInfo 7 core/v1.NodeSystemInfo,images 8 ?[]core/v1.ContainerImage,volumesInUse 9 ?[]string,volumesAttached 10 ?[]core/v1.AttachedVolume,config 11 *core/v1.NodeConfigStatus,runtimeHandlers 12 ?[]core/v1.NodeRuntimeHandler,features 13 *core/v1.NodeFeatures,declaredFeatures 14 ?[]string",
  "core/v1.NodeSwapStatus": "capacity 1 *int",
  "core/v1.NodeSystemInfo":
    "machineID 1 string,systemUUID 2 string,bootID 3 string,kernelVersion 4 string,osImage 5 string,containerRuntimeVersion 6 string,kubeletVersion 7 string,kubeProxyVersion 8 string,operatingSystem 9 string,architecture 10 string,swap 11 *core/v1.NodeSwapStatus",
  "core/v1.ObjectFieldSelector": "apiVersion 1 ?string,fieldPath 2 string",
  "core/v1.ObjectReference":
    "kind 1 ?string,namespace 2 ?string,name 3 ?string,uid 4 ?string,apiVersion 5 ?string,resourceVersion 6 ?string,fieldPath 7 ?string",
  "core/v1.PersistentVolume":
    "metadata 1 meta/v1.ObjectMeta,spec 2 core/v1.PersistentVolumeSpec,status 3 core/v1.PersistentVolumeStatus",
  "core/v1.PersistentVolumeClaim":
    "metadata 1 meta/v1.ObjectMeta,spec 2 core/v1.PersistentVolumeClaimSpec,status 3 core/v1.PersistentVolumeClaimStatus",
  "core/v1.PersistentVolumeClaimCondition":
    "type 1 string,status 2 string,lastProbeTime 3 time,lastTransitionTime 4 time,reason 5 ?string,message 6 ?string",
  "core/v1.PersistentVolumeClaimSpec":
    "accessModes 1 ?[]string,selector 4 *meta/v1.LabelSelector,resources 2 core/v1.VolumeResourceRequirements,volumeName 3 ?string,storageClassName 5 *string,volumeMode 6 *string,dataSource 7 *core/v1.TypedLocalObjectReference,dataSourceRef 8 *core/v1.TypedObjectReference,volumeAttributesClassName 9 *string",
  "core/v1.PersistentVolumeClaimStatus":
    "phase 1 ?string,accessModes 2 ?[]string,capacity 3 ?{}quantity,conditions 4 ?[]core/v1.PersistentVolumeClaimCondition,allocatedResources 5 ?{}quantity,allocatedResourceStatuses 7 ?{}string,currentVolumeAttributesClassName 8 *string,modifyVolumeStatus 9 *core/v1.ModifyVolumeStatus",
  "core/v1.PersistentVolumeClaimTemplate": "metadata 1 meta/v1.ObjectMeta,spec 2 core/v1.PersistentVolumeClaimSpec",
  "core/v1.PersistentVolumeClaimVolumeSource": "claimName 1 string,readOnly 2 ?bool",
  "core/v1.PersistentVolumeSource":
    "gcePersistentDisk 1 *core/v1.GCEPersistentDiskVolumeSource,awsElasticBlockStore 2 *core/v1.AWSElasticBlockStoreVolumeSource,hostPath 3 *core/v1.HostPathVolumeSource,glusterfs 4 *core/v1.GlusterfsPersistentVolumeSource,nfs 5 *core/v1.NFSVolumeSource,rbd 6 *core/v1.RBDPersistentVolumeSource,iscsi 7 *core/v1.ISCSIPersistentVolumeSource,cinder 8 *core/v1.CinderPersistentVolumeSource,cephfs 9 *core/v1.CephFSPersistentVolumeSource,fc 10 *core/v1.FCVolumeSource,flocker 11 *core/v1.FlockerVolumeSource,flexVolume 12 *core/v1.FlexPersistentVolumeSource,azureFile 13 *core/v1.AzureFilePersistentVolumeSource,vsphereVolume 14 *core/v1.VsphereVirtualDiskVolumeSource,quobyte 15 *core/v1.QuobyteVolumeSource,azureDisk 16 *core/v1.AzureDiskVolumeSource,photonPersistentDisk 17 *core/v1.PhotonPersistentDiskVolumeSource,portworxVolume 18 *core/v1.PortworxVolumeSource,scaleIO 19 *core/v1.ScaleIOPersistentVolumeSource,local 20 *core/v1.LocalVolumeSource,storageos 21 *core/v1.StorageOSPersistentVolumeSource,csi 22 *core/v1.CSIPersistentVolumeSource",
  "core/v1.PersistentVolumeSpec":
    "capacity 1 ?{}quantity,@ 2 core/v1.PersistentVolumeSource,accessModes 3 ?[]string,claimRef 4 *core/v1.ObjectReference,persistentVolumeReclaimPolicy 5 ?string,storageClassName 6 ?string,mountOptions 7 ?[]string,volumeMode 8 *string,nodeAffinity 9 *core/v1.VolumeNodeAffinity,volumeAttributesClassName 10 *string",
  "core/v1.PersistentVolumeStatus":
    "phase 1 ?string,message 2 ?string,reason 3 ?string,lastPhaseTransitionTime 4 *time",
  "core/v1.PhotonPersistentDiskVolumeSource": "pdID 1 string,fsType 2 ?string",
  "core/v1.Pod": "metadata 1 meta/v1.ObjectMeta,spec 2 core/v1.PodSpec,status 3 core/v1.PodStatus",
  "core/v1.PodAffinity":
    "requiredDuringSchedulingIgnoredDuringExecution 1 ?[]core/v1.PodAffinityTerm,preferredDuringSchedulingIgnoredDuringExecution 2 ?[]core/v1.WeightedPodAffinityTerm",
  "core/v1.PodAffinityTerm":
    "labelSelector 1 *meta/v1.LabelSelector,namespaces 2 ?[]string,topologyKey 3 string,namespaceSelector 4 *meta/v1.LabelSelector,matchLabelKeys 5 ?[]string,mismatchLabelKeys 6 ?[]string",
  "core/v1.PodAntiAffinity":
    "requiredDuringSchedulingIgnoredDuringExecution 1 ?[]core/v1.PodAffinityTerm,preferredDuringSchedulingIgnoredDuringExecution 2 ?[]core/v1.WeightedPodAffinityTerm",
  "core/v1.PodCertificateProjection":
    "signerName 1 ?string,keyType 2 ?string,maxExpirationSeconds 3 *int,credentialBundlePath 4 ?string,keyPath 5 ?string,certificateChainPath 6 ?string,userAnnotations 7 ?{}string",
  "core/v1.PodCondition":
    "type 1 string,observedGeneration 7 ?int,status 2 string,lastProbeTime 3 time,lastTransitionTime 4 time,reason 5 ?string,message 6 ?string",
  "core/v1.PodDNSConfig": "nameservers 1 ?[]string,searches 2 ?[]string,options 3 ?[]core/v1.PodDNSConfigOption",
  "core/v1.PodDNSConfigOption": "name 1 ?string,value 2 *string",
  "core/v1.PodExtendedResourceClaimStatus":
    "requestMappings 1 0[]core/v1.ContainerExtendedResourceRequest,resourceClaimName 2 string",
  "core/v1.PodIP": "ip 1 string",
  "core/v1.PodOS": "name 1 string",
  "core/v1.PodReadinessGate": "conditionType 1 string",
  "core/v1.PodResourceClaim": "name 1 string,resourceClaimName 3 *string,resourceClaimTemplateName 4 *string",
  "core/v1.PodResourceClaimStatus": "name 1 string,resourceClaimName 2 *string",
  "core/v1.PodSchedulingGate": "name 1 string",
  "core/v1.PodSchedulingGroup": "podGroupName 1 *string",
  "core/v1.PodSecurityContext":
    "seLinuxOptions 1 *core/v1.SELinuxOptions,windowsOptions 8 *core/v1.WindowsSecurityContextOptions,runAsUser 2 *int,runAsGroup 6 *int,runAsNonRoot 3 *bool,supplementalGroups 4 ?[]int,supplementalGroupsPolicy 12 *string,fsGroup 5 *int,sysctls 7 ?[]core/v1.Sysctl,fsGroupChangePolicy 9 *string,seccompProfile 10 *core/v1.SeccompProfile,appArmorProfile 11 *core/v1.AppArmorProfile,seLinuxChangePolicy 13 *string",
  "core/v1.PodSpec":
    "volumes 1 ?[]core/v1.Volume,initContainers 20 ?[]core/v1.Container,containers 2 0[]core/v1.Container,ephemeralContainers 34 ?[]core/v1.EphemeralContainer,restartPolicy 3 ?string,terminationGracePeriodSeconds 4 *int,activeDeadlineSeconds 5 *int,dnsPolicy 6 ?string,nodeSelector 7 ?{}string,serviceAccountName 8 ?string,serviceAccount 9 ?string,automountServiceAccountToken 21 *bool,nodeName 10 ?string,hostNetwork 11 ?bool,hostPID 12 ?bool,hostIPC 13 ?bool,shareProcessNamespace 27 *bool,securityContext 14 *core/v1.PodSecurityContext,imagePullSecrets 15 ?[]core/v1.LocalObjectReference,hostname 16 ?string,subdomain 17 ?string,affinity 18 *core/v1.Affinity,schedulerName 19 ?string,tolerations 22 ?[]core/v1.Toleration,hostAliases 23 ?[]core/v1.HostAlias,priorityClassName 24 ?string,priority 25 *int,dnsConfig 26 *core/v1.PodDNSConfig,readinessGates 28 ?[]core/v1.PodReadinessGate,runtimeClassName 29 *string,enableServiceLinks 30 *bool,preemptionPolicy 31 *string,overhead 32 ?{}quantity,topologySpreadConstraints 33 ?[]core/v1.TopologySpreadConstraint,setHostnameAsFQDN 35 *bool,os 36 *core/v1.PodOS,hostUsers 37 *bool,schedulingGates 38 ?[]core/v1.PodSchedulingGate,resourceClaims 39 ?[]core/v1.PodResourceClaim,resources 40 *core/v1.ResourceRequirements,hostnameOverride 41 *string,schedulingGroup 43 *core/v1.PodSchedulingGroup",
  "core/v1.PodStatus":
    "observedGeneration 17 ?int,phase 1 ?string,conditions 2 ?[]core/v1.PodCondition,message 3 ?string,reason 4 ?string,nominatedNodeName 11 ?string,hostIP 5 ?string,hostIPs 16 ?[]core/v1.HostIP,podIP 6 ?string,podIPs 12 ?[]core/v1.PodIP,startTime 7 *time,initContainerStatuses 10 ?[]core/v1.ContainerStatus,containerStatuses 8 ?[]core/v1.ContainerStatus,qosClass 9 ?string,ephemeralContainerStatuses 13 ?[]core/v1.ContainerStatus,resize 14 ?string,resourceClaimStatuses 15 ?[]core/v1.PodResourceClaimStatus,extendedResourceClaimStatus 18 *core/v1.PodExtendedResourceClaimStatus,allocatedResources 19 ?{}quantity,resources 20 *core/v1.ResourceRequirements,nodeAllocatableResourceClaimStatuses 21 ?[]core/v1.NodeAllocatableResourceClaimStatus",
  "core/v1.PodTemplate": "metadata 1 meta/v1.ObjectMeta,template 2 core/v1.PodTemplateSpec",
  "core/v1.PodTemplateSpec": "metadata 1 meta/v1.ObjectMeta,spec 2 core/v1.PodSpec",
  "core/v1.PortStatus": "port 1 int,protocol 2 string,error 3 *string",
  "core/v1.PortworxVolumeSource": "volumeID 1 string,fsType 2 ?string,readOnly 3 ?bool",
  "core/v1.PreferredSchedulingTerm": "weight 1 int,preference 2 core/v1.NodeSelectorTerm",
  "core/v1.Probe":
    "@ 1 core/v1.ProbeHandler,initialDelaySeconds 2 ?int,timeoutSeconds 3 ?int,periodSeconds 4 ?int,successThreshold 5 ?int,failureThreshold 6 ?int,terminationGracePeriodSeconds 7 *int",
  "core/v1.ProbeHandler":
    "exec 1 *core/v1.ExecAction,httpGet 2 *core/v1.HTTPGetAction,tcpSocket 3 *core/v1.TCPSocketAction,grpc 4 *core/v1.GRPCAction",
  "core/v1.ProjectedVolumeSource": "sources 1 0[]core/v1.VolumeProjection,defaultMode 2 *int",
  "core/v1.QuobyteVolumeSource":
    "registry 1 string,volume 2 string,readOnly 3 ?bool,user 4 ?string,group 5 ?string,tenant 6 ?string",
  "core/v1.RBDPersistentVolumeSource":
    "monitors 1 0[]string,image 2 string,fsType 3 ?string,pool 4 ?string,user 5 ?string,keyring 6 ?string,secretRef 7 *core/v1.SecretReference,readOnly 8 ?bool",
  "core/v1.RBDVolumeSource":
    "monitors 1 0[]string,image 2 string,fsType 3 ?string,pool 4 ?string,user 5 ?string,keyring 6 ?string,secretRef 7 *core/v1.LocalObjectReference,readOnly 8 ?bool",
  "core/v1.ReplicationController":
    "metadata 1 meta/v1.ObjectMeta,spec 2 core/v1.ReplicationControllerSpec,status 3 core/v1.ReplicationControllerStatus",
  "core/v1.ReplicationControllerCondition":
    "type 1 string,status 2 string,lastTransitionTime 3 time,reason 4 ?string,message 5 ?string",
  "core/v1.ReplicationControllerSpec":
    "replicas 1 *int,minReadySeconds 4 ?int,selector 2 ?{}string,template 3 *core/v1.PodTemplateSpec",
  "core/v1.ReplicationControllerStatus":
    "replicas 1 int,fullyLabeledReplicas 2 ?int,readyReplicas 4 ?int,availableReplicas 5 ?int,observedGeneration 3 ?int,conditions 6 ?[]core/v1.ReplicationControllerCondition",
  "core/v1.ResourceClaim": "name 1 string,request 2 ?string",
  "core/v1.ResourceFieldSelector": "containerName 1 ?string,resource 2 string,divisor 3 quantity",
  "core/v1.ResourceHealth": "resourceID 1 string,health 2 ?string,message 6 *string",
  "core/v1.ResourceQuota":
    "metadata 1 meta/v1.ObjectMeta,spec 2 core/v1.ResourceQuotaSpec,status 3 core/v1.ResourceQuotaStatus",
  "core/v1.ResourceQuotaSpec": "hard 1 ?{}quantity,scopes 2 ?[]string,scopeSelector 3 *core/v1.ScopeSelector",
  "core/v1.ResourceQuotaStatus": "hard 1 ?{}quantity,used 2 ?{}quantity",
  "core/v1.ResourceRequirements": "limits 1 ?{}quantity,requests 2 ?{}quantity,claims 3 ?[]core/v1.ResourceClaim",
  "core/v1.ResourceStatus": "name 1 string,resources 2 ?[]core/v1.ResourceHealth",
  "core/v1.SELinuxOptions": "user 1 ?string,role 2 ?string,type 3 ?string,level 4 ?string",
  "core/v1.ScaleIOPersistentVolumeSource":
    "gateway 1 string,system 2 string,secretRef 3 0core/v1.SecretReference,sslEnabled 4 ?bool,protectionDomain 5 ?string,storagePool 6 ?string,storageMode 7 ?string,volumeName 8 ?string,fsType 9 ?string,readOnly 10 ?bool",
  "core/v1.ScaleIOVolumeSource":
    "gateway 1 string,system 2 string,secretRef 3 0core/v1.LocalObjectReference,sslEnabled 4 ?bool,protectionDomain 5 ?string,storagePool 6 ?string,storageMode 7 ?string,volumeName 8 ?string,fsType 9 ?string,readOnly 10 ?bool",
  "core/v1.ScopeSelector": "matchExpressions 1 ?[]core/v1.ScopedResourceSelectorRequirement",
  "core/v1.ScopedResourceSelectorRequirement": "scopeName 1 string,operator 2 string,values 3 ?[]string",
  "core/v1.SeccompProfile": "type 1 string,localhostProfile 2 *string",
  "core/v1.Secret":
    "metadata 1 meta/v1.ObjectMeta,immutable 5 *bool,data 2 ?{}bytes,stringData 4 ?{}string,type 3 ?string",
  "core/v1.SecretEnvSource": "@ 1 core/v1.LocalObjectReference,optional 2 *bool",
  "core/v1.SecretKeySelector": "@ 1 core/v1.LocalObjectReference,key 2 string,optional 3 *bool",
  "core/v1.SecretProjection": "@ 1 core/v1.LocalObjectReference,items 2 ?[]core/v1.KeyToPath,optional 4 *bool",
  "core/v1.SecretReference": "name 1 ?string,namespace 2 ?string",
  "core/v1.SecretVolumeSource": "secretName 1 ?string,items 2 ?[]core/v1.KeyToPath,defaultMode 3 *int,optional 4 *bool",
  "core/v1.SecurityContext":
    "capabilities 1 *core/v1.Capabilities,privileged 2 *bool,seLinuxOptions 3 *core/v1.SELinuxOptions,windowsOptions 10 *core/v1.WindowsSecurityContextOptions,runAsUser 4 *int,runAsGroup 8 *int,runAsNonRoot 5 *bool,readOnlyRootFilesystem 6 *bool,allowPrivilegeEscalation 7 *bool,procMount 9 *string,seccompProfile 11 *core/v1.SeccompProfile,appArmorProfile 12 *core/v1.AppArmorProfile",
  "core/v1.Service": "metadata 1 meta/v1.ObjectMeta,spec 2 core/v1.ServiceSpec,status 3 core/v1.ServiceStatus",
  "core/v1.ServiceAccount":
    "metadata 1 meta/v1.ObjectMeta,secrets 2 ?[]core/v1.ObjectReference,imagePullSecrets 3 ?[]core/v1.LocalObjectReference,automountServiceAccountToken 4 *bool",
  "core/v1.ServiceAccountTokenProjection": "audience 1 ?string,expirationSeconds 2 *int,path 3 string",
  "core/v1.ServicePort":
    "name 1 ?string,protocol 2 ?string,appProtocol 6 *string,port 3 int,targetPort 4 intorstring,nodePort 5 ?int",
  "core/v1.ServiceSpec":
    "ports 1 ?[]core/v1.ServicePort,selector 2 ?{}string,clusterIP 3 ?string,clusterIPs 18 ?[]string,type 4 ?string,externalIPs 5 ?[]string,sessionAffinity 7 ?string,loadBalancerIP 8 ?string,loadBalancerSourceRanges 9 ?[]string,externalName 10 ?string,externalTrafficPolicy 11 ?string,healthCheckNodePort 12 ?int,publishNotReadyAddresses 13 ?bool,sessionAffinityConfig 14 *core/v1.SessionAffinityConfig,ipFamilies 19 ?[]string,ipFamilyPolicy 17 *string,allocateLoadBalancerNodePorts 20 *bool,loadBalancerClass 21 *string,internalTrafficPolicy 22 *string,trafficDistribution 23 *string",
  "core/v1.ServiceStatus": "loadBalancer 1 core/v1.LoadBalancerStatus,conditions 2 ?[]meta/v1.Condition",
  "core/v1.SessionAffinityConfig": "clientIP 1 *core/v1.ClientIPConfig",
  "core/v1.SleepAction": "seconds 1 int",
  "core/v1.StorageOSPersistentVolumeSource":
    "volumeName 1 ?string,volumeNamespace 2 ?string,fsType 3 ?string,readOnly 4 ?bool,secretRef 5 *core/v1.ObjectReference",
  "core/v1.StorageOSVolumeSource":
    "volumeName 1 ?string,volumeNamespace 2 ?string,fsType 3 ?string,readOnly 4 ?bool,secretRef 5 *core/v1.LocalObjectReference",
  "core/v1.Sysctl": "name 1 string,value 2 string",
  "core/v1.TCPSocketAction": "port 1 intorstring,host 2 ?string",
  "core/v1.Taint": "key 1 string,value 2 ?string,effect 3 string,timeAdded 4 *time",
  "core/v1.Toleration": "key 1 ?string,operator 2 ?string,value 3 ?string,effect 4 ?string,tolerationSeconds 5 *int",
  "core/v1.TopologySelectorLabelRequirement": "key 1 string,values 2 0[]string",
  "core/v1.TopologySelectorTerm": "matchLabelExpressions 1 ?[]core/v1.TopologySelectorLabelRequirement",
  "core/v1.TopologySpreadConstraint":
    "maxSkew 1 int,topologyKey 2 string,whenUnsatisfiable 3 string,labelSelector 4 *meta/v1.LabelSelector,minDomains 5 *int,nodeAffinityPolicy 6 *string,nodeTaintsPolicy 7 *string,matchLabelKeys 8 ?[]string",
  "core/v1.TypedLocalObjectReference": "apiGroup 1 0string,kind 2 string,name 3 string",
  "core/v1.TypedObjectReference": "apiGroup 1 0string,kind 2 string,name 3 string,namespace 4 *string",
  "core/v1.Volume": "name 1 string,@ 2 core/v1.VolumeSource",
  "core/v1.VolumeDevice": "name 1 string,devicePath 2 string",
  "core/v1.VolumeMount":
    "name 1 string,readOnly 2 ?bool,recursiveReadOnly 7 *string,mountPath 3 string,subPath 4 ?string,mountPropagation 5 *string,subPathExpr 6 ?string",
  "core/v1.VolumeMountStatus":
    "name 1 string,mountPath 2 string,readOnly 3 ?bool,recursiveReadOnly 4 *string,volumeStatus 5 *core/v1.VolumeStatus",
  "core/v1.VolumeNodeAffinity": "required 1 *core/v1.NodeSelector",
  "core/v1.VolumeProjection":
    "secret 1 *core/v1.SecretProjection,downwardAPI 2 *core/v1.DownwardAPIProjection,configMap 3 *core/v1.ConfigMapProjection,serviceAccountToken 4 *core/v1.ServiceAccountTokenProjection,clusterTrustBundle 5 *core/v1.ClusterTrustBundleProjection,podCertificate 6 *core/v1.PodCertificateProjection",
  "core/v1.VolumeResourceRequirements": "limits 1 ?{}quantity,requests 2 ?{}quantity",
  "core/v1.VolumeSource":
    "hostPath 1 *core/v1.HostPathVolumeSource,emptyDir 2 *core/v1.EmptyDirVolumeSource,gcePersistentDisk 3 *core/v1.GCEPersistentDiskVolumeSource,awsElasticBlockStore 4 *core/v1.AWSElasticBlockStoreVolumeSource,gitRepo 5 *core/v1.GitRepoVolumeSource,secret 6 *core/v1.SecretVolumeSource,nfs 7 *core/v1.NFSVolumeSource,iscsi 8 *core/v1.ISCSIVolumeSource,glusterfs 9 *core/v1.GlusterfsVolumeSource,persistentVolumeClaim 10 *core/v1.PersistentVolumeClaimVolumeSource,rbd 11 *core/v1.RBDVolumeSource,flexVolume 12 *core/v1.FlexVolumeSource,cinder 13 *core/v1.CinderVolumeSource,cephfs 14 *core/v1.CephFSVolumeSource,flocker 15 *core/v1.FlockerVolumeSource,downwardAPI 16 *core/v1.DownwardAPIVolumeSource,fc 17 *core/v1.FCVolumeSource,azureFile 18 *core/v1.AzureFileVolumeSource,configMap 19 *core/v1.ConfigMapVolumeSource,vsphereVolume 20 *core/v1.VsphereVirtualDiskVolumeSource,quobyte 21 *core/v1.QuobyteVolumeSource,azureDisk 22 *core/v1.AzureDiskVolumeSource,photonPersistentDisk 23 *core/v1.PhotonPersistentDiskVolumeSource,projected 26 *core/v1.ProjectedVolumeSource,portworxVolume 24 *core/v1.PortworxVolumeSource,scaleIO 25 *core/v1.ScaleIOVolumeSource,storageos 27 *core/v1.StorageOSVolumeSource,csi 28 *core/v1.CSIVolumeSource,ephemeral 29 *core/v1.EphemeralVolumeSource,image 30 *core/v1.ImageVolumeSource",
  "core/v1.VolumeStatus": "image 1 *core/v1.ImageVolumeStatus",
  "core/v1.VsphereVirtualDiskVolumeSource":
    "volumePath 1 string,fsType 2 ?string,storagePolicyName 3 ?string,storagePolicyID 4 ?string",
  "core/v1.WeightedPodAffinityTerm": "weight 1 int,podAffinityTerm 2 core/v1.PodAffinityTerm",
  "core/v1.WindowsSecurityContextOptions":
    "gmsaCredentialSpecName 1 *string,gmsaCredentialSpec 2 *string,runAsUserName 3 *string,hostProcess 4 *bool",
};
