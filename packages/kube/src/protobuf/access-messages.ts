// Protobuf messages of the groups about access (k8s.io/api generated.proto). Written by tools/src/protobuf-messages.ts.

/** Fields by message, with commas: see `message-type.ts`. */
export const ACCESS_MESSAGES: Readonly<Record<string, string>> = {
  "admissionregistration/v1.ApplyConfiguration": "expression 1 ?string",
  "admissionregistration/v1.AuditAnnotation": "key 1 string,valueExpression 2 string",
  "admissionregistration/v1.ExpressionWarning": "fieldRef 2 string,warning 3 string",
  "admissionregistration/v1.JSONPatch": "expression 1 ?string",
  "admissionregistration/v1.MatchCondition": "name 1 string,expression 2 string",
  "admissionregistration/v1.MatchResources":
    "namespaceSelector 1 *meta/v1.LabelSelector,objectSelector 2 *meta/v1.LabelSelector,resourceRules 3 ?[]admissionregistration/v1.NamedRuleWithOperations,excludeResourceRules 4 ?[]admissionregistration/v1.NamedRuleWithOperations,matchPolicy 7 *string",
  "admissionregistration/v1.MutatingAdmissionPolicy":
    "metadata 1 meta/v1.ObjectMeta,spec 2 admissionregistration/v1.MutatingAdmissionPolicySpec",
  "admissionregistration/v1.MutatingAdmissionPolicyBinding":
    "metadata 1 meta/v1.ObjectMeta,spec 2 admissionregistration/v1.MutatingAdmissionPolicyBindingSpec",
  "admissionregistration/v1.MutatingAdmissionPolicyBindingSpec":
    "policyName 1 ?string,paramRef 2 *admissionregistration/v1.ParamRef,matchResources 3 *admissionregistration/v1.MatchResources",
  "admissionregistration/v1.MutatingAdmissionPolicySpec":
    "paramKind 1 *admissionregistration/v1.ParamKind,matchConstraints 2 *admissionregistration/v1.MatchResources,variables 3 ?[]admissionregistration/v1.Variable,mutations 4 ?[]admissionregistration/v1.Mutation,failurePolicy 5 *string,matchConditions 6 ?[]admissionregistration/v1.MatchCondition,reinvocationPolicy 7 ?string",
  "admissionregistration/v1.MutatingWebhook":
    "name 1 string,clientConfig 2 admissionregistration/v1.WebhookClientConfig,rules 3 ?[]admissionregistration/v1.RuleWithOperations,failurePolicy 4 *string,matchPolicy 9 *string,namespaceSelector 5 *meta/v1.LabelSelector,objectSelector 11 *meta/v1.LabelSelector,sideEffects 6 0string,timeoutSeconds 7 *int,admissionReviewVersions 8 0[]string,reinvocationPolicy 10 *string,matchConditions 12 ?[]admissionregistration/v1.MatchCondition",
  "admissionregistration/v1.MutatingWebhookConfiguration":
    "metadata 1 meta/v1.ObjectMeta,webhooks 2 ?[]admissionregistration/v1.MutatingWebhook",
  "admissionregistration/v1.Mutation":
    "patchType 2 string,applyConfiguration 3 *admissionregistration/v1.ApplyConfiguration,jsonPatch 4 *admissionregistration/v1.JSONPatch",
  "admissionregistration/v1.NamedRuleWithOperations":
    "resourceNames 1 ?[]string,@ 2 admissionregistration/v1.RuleWithOperations",
  "admissionregistration/v1.ParamKind": "apiVersion 1 ?string,kind 2 ?string",
  "admissionregistration/v1.ParamRef":
    "name 1 ?string,namespace 2 ?string,selector 3 *meta/v1.LabelSelector,parameterNotFoundAction 4 *string",
  "admissionregistration/v1.Rule":
    "apiGroups 1 ?[]string,apiVersions 2 ?[]string,resources 3 ?[]string,scope 4 *string",
  "admissionregistration/v1.RuleWithOperations": "operations 1 ?[]string,@ 2 admissionregistration/v1.Rule",
  "admissionregistration/v1.ServiceReference": "namespace 1 string,name 2 string,path 3 *string,port 4 *int",
  "admissionregistration/v1.TypeChecking": "expressionWarnings 1 ?[]admissionregistration/v1.ExpressionWarning",
  "admissionregistration/v1.ValidatingAdmissionPolicy":
    "metadata 1 meta/v1.ObjectMeta,spec 2 admissionregistration/v1.ValidatingAdmissionPolicySpec,status 3 admissionregistration/v1.ValidatingAdmissionPolicyStatus",
  "admissionregistration/v1.ValidatingAdmissionPolicyBinding":
    "metadata 1 meta/v1.ObjectMeta,spec 2 admissionregistration/v1.ValidatingAdmissionPolicyBindingSpec",
  "admissionregistration/v1.ValidatingAdmissionPolicyBindingSpec":
    "policyName 1 ?string,paramRef 2 *admissionregistration/v1.ParamRef,matchResources 3 *admissionregistration/v1.MatchResources,validationActions 4 ?[]string",
  "admissionregistration/v1.ValidatingAdmissionPolicySpec":
    "paramKind 1 *admissionregistration/v1.ParamKind,matchConstraints 2 *admissionregistration/v1.MatchResources,validations 3 ?[]admissionregistration/v1.Validation,failurePolicy 4 *string,auditAnnotations 5 ?[]admissionregistration/v1.AuditAnnotation,matchConditions 6 ?[]admissionregistration/v1.MatchCondition,variables 7 ?[]admissionregistration/v1.Variable",
  "admissionregistration/v1.ValidatingAdmissionPolicyStatus":
    "observedGeneration 1 ?int,typeChecking 2 *admissionregistration/v1.TypeChecking,conditions 3 ?[]meta/v1.Condition",
  "admissionregistration/v1.ValidatingWebhook":
    "name 1 string,clientConfig 2 admissionregistration/v1.WebhookClientConfig,rules 3 ?[]admissionregistration/v1.RuleWithOperations,failurePolicy 4 *string,matchPolicy 9 *string,namespaceSelector 5 *meta/v1.LabelSelector,objectSelector 10 *meta/v1.LabelSelector,sideEffects 6 0string,timeoutSeconds 7 *int,admissionReviewVersions 8 0[]string,matchConditions 11 ?[]admissionregistration/v1.MatchCondition",
  "admissionregistration/v1.ValidatingWebhookConfiguration":
    "metadata 1 meta/v1.ObjectMeta,webhooks 2 ?[]admissionregistration/v1.ValidatingWebhook",
  "admissionregistration/v1.Validation":
    "expression 1 string,message 2 ?string,reason 3 *string,messageExpression 4 ?string",
  "admissionregistration/v1.Variable": "name 1 string,expression 2 string",
  "admissionregistration/v1.WebhookClientConfig":
    "url 3 *string,service 1 *admissionregistration/v1.ServiceReference,caBundle 2 ?bytes",
  "authentication/v1.BoundObjectReference": "kind 1 ?string,apiVersion 2 ?string,name 3 ?string,uid 4 ?string",
  "authentication/v1.SelfSubjectReview":
    "metadata 1 meta/v1.ObjectMeta,status 2 authentication/v1.SelfSubjectReviewStatus",
  "authentication/v1.SelfSubjectReviewStatus": "userInfo 1 authentication/v1.UserInfo",
  "authentication/v1.TokenRequest":
    "metadata 1 meta/v1.ObjectMeta,spec 2 authentication/v1.TokenRequestSpec,status 3 authentication/v1.TokenRequestStatus",
  "authentication/v1.TokenRequestSpec":
    "audiences 1 0[]string,expirationSeconds 4 0int,boundObjectRef 3 0authentication/v1.BoundObjectReference",
  "authentication/v1.TokenRequestStatus": "token 1 string,expirationTimestamp 2 time",
  "authentication/v1.TokenReview":
    "metadata 1 meta/v1.ObjectMeta,spec 2 authentication/v1.TokenReviewSpec,status 3 authentication/v1.TokenReviewStatus",
  "authentication/v1.TokenReviewSpec": "token 1 ?string,audiences 2 ?[]string",
  "authentication/v1.TokenReviewStatus":
    "authenticated 1 ?bool,user 2 authentication/v1.UserInfo,audiences 4 ?[]string,error 3 ?string",
  "authentication/v1.UserInfo": "username 1 ?string,uid 2 ?string,groups 3 ?[]string,extra 4 ?{}list",
  "authorization/v1.FieldSelectorAttributes":
    "rawSelector 1 ?string,requirements 2 ?[]meta/v1.FieldSelectorRequirement",
  "authorization/v1.LabelSelectorAttributes":
    "rawSelector 1 ?string,requirements 2 ?[]meta/v1.LabelSelectorRequirement",
  "authorization/v1.LocalSubjectAccessReview":
    "metadata 1 meta/v1.ObjectMeta,spec 2 authorization/v1.SubjectAccessReviewSpec,status 3 authorization/v1.SubjectAccessReviewStatus",
  "authorization/v1.NonResourceAttributes": "path 1 ?string,verb 2 ?string",
  "authorization/v1.NonResourceRule": "verbs 1 0[]string,nonResourceURLs 2 ?[]string",
  "authorization/v1.ResourceAttributes":
    "namespace 1 ?string,verb 2 ?string,group 3 ?string,version 4 ?string,resource 5 ?string,subresource 6 ?string,name 7 ?string,fieldSelector 8 *authorization/v1.FieldSelectorAttributes,labelSelector 9 *authorization/v1.LabelSelectorAttributes",
  "authorization/v1.ResourceRule":
    "verbs 1 0[]string,apiGroups 2 ?[]string,resources 3 ?[]string,resourceNames 4 ?[]string",
  "authorization/v1.SelfSubjectAccessReview":
    "metadata 1 meta/v1.ObjectMeta,spec 2 authorization/v1.SelfSubjectAccessReviewSpec,status 3 authorization/v1.SubjectAccessReviewStatus",
  "authorization/v1.SelfSubjectAccessReviewSpec":
    "resourceAttributes 1 *authorization/v1.ResourceAttributes,nonResourceAttributes 2 *authorization/v1.NonResourceAttributes",
  "authorization/v1.SelfSubjectRulesReview":
    "metadata 1 meta/v1.ObjectMeta,spec 2 authorization/v1.SelfSubjectRulesReviewSpec,status 3 authorization/v1.SubjectRulesReviewStatus",
  "authorization/v1.SelfSubjectRulesReviewSpec": "namespace 1 ?string",
  "authorization/v1.SubjectAccessReview":
    "metadata 1 meta/v1.ObjectMeta,spec 2 authorization/v1.SubjectAccessReviewSpec,status 3 authorization/v1.SubjectAccessReviewStatus",
  "authorization/v1.SubjectAccessReviewSpec":
    "resourceAttributes 1 *authorization/v1.ResourceAttributes,nonResourceAttributes 2 *authorization/v1.NonResourceAttributes,user 3 ?string,groups 4 ?[]string,extra 5 ?{}list,uid 6 ?string",
  "authorization/v1.SubjectAccessReviewStatus":
    "allowed 1 bool,denied 4 ?bool,reason 2 ?string,evaluationError 3 ?string",
  "authorization/v1.SubjectRulesReviewStatus":
    "resourceRules 1 0[]authorization/v1.ResourceRule,nonResourceRules 2 0[]authorization/v1.NonResourceRule,incomplete 3 bool,evaluationError 4 ?string",
  "certificates/v1.CertificateSigningRequest":
    "metadata 1 meta/v1.ObjectMeta,spec 2 certificates/v1.CertificateSigningRequestSpec,status 3 certificates/v1.CertificateSigningRequestStatus",
  "certificates/v1.CertificateSigningRequestCondition":
    "type 1 string,status 6 string,reason 2 ?string,message 3 ?string,lastUpdateTime 4 time,lastTransitionTime 5 time",
  "certificates/v1.CertificateSigningRequestSpec":
    "request 1 0bytes,signerName 7 string,expirationSeconds 8 *int,usages 5 ?[]string,username 2 ?string,uid 3 ?string,groups 4 ?[]string,extra 6 ?{}list",
  "certificates/v1.CertificateSigningRequestStatus":
    "conditions 1 ?[]certificates/v1.CertificateSigningRequestCondition,certificate 2 ?bytes",
  "flowcontrol/v1.ExemptPriorityLevelConfiguration": "nominalConcurrencyShares 1 *int,lendablePercent 2 *int",
  "flowcontrol/v1.FlowDistinguisherMethod": "type 1 string",
  "flowcontrol/v1.FlowSchema":
    "metadata 1 meta/v1.ObjectMeta,spec 2 flowcontrol/v1.FlowSchemaSpec,status 3 flowcontrol/v1.FlowSchemaStatus",
  "flowcontrol/v1.FlowSchemaCondition":
    "type 1 ?string,status 2 ?string,lastTransitionTime 3 time,reason 4 ?string,message 5 ?string",
  "flowcontrol/v1.FlowSchemaSpec":
    "priorityLevelConfiguration 1 flowcontrol/v1.PriorityLevelConfigurationReference,matchingPrecedence 2 int,distinguisherMethod 3 *flowcontrol/v1.FlowDistinguisherMethod,rules 4 ?[]flowcontrol/v1.PolicyRulesWithSubjects",
  "flowcontrol/v1.FlowSchemaStatus": "conditions 1 ?[]flowcontrol/v1.FlowSchemaCondition",
  "flowcontrol/v1.GroupSubject": "name 1 string",
  "flowcontrol/v1.LimitResponse": "type 1 string,queuing 2 *flowcontrol/v1.QueuingConfiguration",
  "flowcontrol/v1.LimitedPriorityLevelConfiguration":
    "nominalConcurrencyShares 1 0int,limitResponse 2 flowcontrol/v1.LimitResponse,lendablePercent 3 *int,borrowingLimitPercent 4 *int",
  "flowcontrol/v1.NonResourcePolicyRule": "verbs 1 0[]string,nonResourceURLs 6 0[]string",
  "flowcontrol/v1.PolicyRulesWithSubjects":
    "subjects 1 0[]flowcontrol/v1.Subject,resourceRules 2 ?[]flowcontrol/v1.ResourcePolicyRule,nonResourceRules 3 ?[]flowcontrol/v1.NonResourcePolicyRule",
  "flowcontrol/v1.PriorityLevelConfiguration":
    "metadata 1 meta/v1.ObjectMeta,spec 2 flowcontrol/v1.PriorityLevelConfigurationSpec,status 3 flowcontrol/v1.PriorityLevelConfigurationStatus",
  "flowcontrol/v1.PriorityLevelConfigurationCondition":
    "type 1 ?string,status 2 ?string,lastTransitionTime 3 time,reason 4 ?string,message 5 ?string",
  "flowcontrol/v1.PriorityLevelConfigurationReference": "name 1 string",
  "flowcontrol/v1.PriorityLevelConfigurationSpec":
    "type 1 string,limited 2 *flowcontrol/v1.LimitedPriorityLevelConfiguration,exempt 3 *flowcontrol/v1.ExemptPriorityLevelConfiguration",
  "flowcontrol/v1.PriorityLevelConfigurationStatus":
    "conditions 1 ?[]flowcontrol/v1.PriorityLevelConfigurationCondition",
  "flowcontrol/v1.QueuingConfiguration": "queues 1 int,handSize 2 int,queueLengthLimit 3 int",
  "flowcontrol/v1.ResourcePolicyRule":
    "verbs 1 0[]string,apiGroups 2 0[]string,resources 3 0[]string,clusterScope 4 ?bool,namespaces 5 0[]string",
  "flowcontrol/v1.ServiceAccountSubject": "namespace 1 string,name 2 string",
  "flowcontrol/v1.Subject":
    "kind 1 string,user 2 *flowcontrol/v1.UserSubject,group 3 *flowcontrol/v1.GroupSubject,serviceAccount 4 *flowcontrol/v1.ServiceAccountSubject",
  "flowcontrol/v1.UserSubject": "name 1 string",
  "policy/v1.Eviction": "metadata 1 meta/v1.ObjectMeta,deleteOptions 2 *meta/v1.DeleteOptions",
  "policy/v1.PodDisruptionBudget":
    "metadata 1 meta/v1.ObjectMeta,spec 2 policy/v1.PodDisruptionBudgetSpec,status 3 policy/v1.PodDisruptionBudgetStatus",
  "policy/v1.PodDisruptionBudgetSpec":
    "minAvailable 1 *intorstring,selector 2 *meta/v1.LabelSelector,maxUnavailable 3 *intorstring,unhealthyPodEvictionPolicy 4 *string",
  "policy/v1.PodDisruptionBudgetStatus":
    "observedGeneration 1 ?int,disruptedPods 2 ?{}time,disruptionsAllowed 3 int,currentHealthy 4 int,desiredHealthy 5 int,expectedPods 6 int,conditions 7 ?[]meta/v1.Condition",
  "rbac/v1.AggregationRule": "clusterRoleSelectors 1 ?[]meta/v1.LabelSelector",
  "rbac/v1.ClusterRole":
    "metadata 1 meta/v1.ObjectMeta,rules 2 0[]rbac/v1.PolicyRule,aggregationRule 3 *rbac/v1.AggregationRule",
  "rbac/v1.ClusterRoleBinding": "metadata 1 meta/v1.ObjectMeta,subjects 2 ?[]rbac/v1.Subject,roleRef 3 rbac/v1.RoleRef",
  "rbac/v1.PolicyRule":
    "verbs 1 0[]string,apiGroups 2 ?[]string,resources 3 ?[]string,resourceNames 4 ?[]string,nonResourceURLs 5 ?[]string",
  "rbac/v1.Role": "metadata 1 meta/v1.ObjectMeta,rules 2 0[]rbac/v1.PolicyRule",
  "rbac/v1.RoleBinding": "metadata 1 meta/v1.ObjectMeta,subjects 2 ?[]rbac/v1.Subject,roleRef 3 rbac/v1.RoleRef",
  "rbac/v1.RoleRef": "apiGroup 1 string,kind 2 string,name 3 string",
  "rbac/v1.Subject": "kind 1 string,apiGroup 2 ?string,name 3 string,namespace 4 ?string",
};
