using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Gache.Repository.Tests;

/// <summary>What an assembly refers to, read from its metadata: also what the compiler wrote for <c>lock</c>, <c>async</c> or an iterator.</summary>
internal static class CompiledCode
{
    /// <summary>All types of other assemblies, with namespace.</summary>
    public static IReadOnlyList<string> TypesUsedBy(Assembly assembly) => Read(assembly, reader =>
        [.. reader.TypeReferences.Select(handle => NameOf(reader, handle)).Distinct().Order(StringComparer.Ordinal)]);

    /// <summary>All members of types of other assemblies, as <c>Namespace.Type::Member</c>.</summary>
    public static IReadOnlyList<string> MembersUsedBy(Assembly assembly) => Read(assembly, reader =>
        [.. reader.MemberReferences
            .Select(reader.GetMemberReference)
            .Where(member => member.Parent.Kind == HandleKind.TypeReference)
            .Select(member => $"{NameOf(reader, (TypeReferenceHandle)member.Parent)}::{reader.GetString(member.Name)}")
            .Distinct().Order(StringComparer.Ordinal)]);

    /// <summary>Static fields that can be assigned again, in types that a person wrote.</summary>
    public static IReadOnlyList<string> MutableStaticsOf(Assembly assembly) =>
    [
        .. assembly.GetTypes()
            .Where(type => !type.FullName!.Contains('<', StringComparison.Ordinal))
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(field => !field.IsInitOnly && !field.IsLiteral && !field.Name.Contains('<', StringComparison.Ordinal))
            .Select(field => $"{field.DeclaringType!.FullName}.{field.Name}"),
    ];

    private static IReadOnlyList<string> Read(Assembly assembly, Func<MetadataReader, IReadOnlyList<string>> read)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        return read(file.GetMetadataReader());
    }

    private static string NameOf(MetadataReader reader, TypeReferenceHandle handle)
    {
        TypeReference type = reader.GetTypeReference(handle);
        string name = reader.GetString(type.Name);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? $"{NameOf(reader, (TypeReferenceHandle)type.ResolutionScope)}.{name}"
            : $"{reader.GetString(type.Namespace)}.{name}";
    }
}
